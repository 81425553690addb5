#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A project that lets CMake fetch tare's sources.
set -euo pipefail
# shellcheck source=tests/use/common.sh
source "$SOURCE_DIR/tests/use/common.sh"

compilers=("gcc g++") # to the compiler it is the same as add_subdirectory
build_and_test fetch_content -DTARE_SOURCE_DIR="$SOURCE_DIR"
