#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# web/report.html and web/NOTICE are what web/src and the locked packages make, byte for byte.
# shellcheck source=lib.sh
. "$SOURCE_DIR/tests/web/lib.sh"
mkdir web
cp -R "$SOURCE_DIR"/web/{package.json,package-lock.json,build.mjs,src} web
install_packages "$work/web"
expect_status 0 npm --prefix web run build
for file in report.html NOTICE; do
    cmp "web/$file" "$SOURCE_DIR/web/$file" || fail "web/$file is not up to date: make report-template"
done
size=$(stat -c %s web/report.html)
[ "$size" -lt 400000 ] || fail "the page without data has $size bytes"
! grep -nE '(src|href)="?https?:|@import|url\(' web/report.html || fail "the page refers to something outside"
