#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs what the tests of pages need into the build tree, once.
# shellcheck source=lib.sh
. "$SOURCE_DIR/tests/web/lib.sh"
into=$BUILD_DIR/tests/web
cmp -s "$SOURCE_DIR/tests/web/package-lock.json" "$into/installed-lock.json" && [ -d "$WEB_MODULES" ] && exit 0
cp "$SOURCE_DIR"/tests/web/package{,-lock}.json "$into" || exit 1
install_packages "$into"
cp "$into/package-lock.json" "$into/installed-lock.json"
