#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A project that finds the installed package of CMake.
set -euo pipefail
# shellcheck source=tests/use/common.sh
source "$SOURCE_DIR/tests/use/common.sh"

install_tare
build_and_test find_package
