#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A project that has tare's sources below its own.
set -euo pipefail
# shellcheck source=tests/use/common.sh
source "$SOURCE_DIR/tests/use/common.sh"

build_and_test add_subdirectory -DTARE_SOURCE_DIR="$SOURCE_DIR"
