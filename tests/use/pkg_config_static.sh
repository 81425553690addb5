#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# pkg-config and the archive, in a program that is linked dynamically to libc.
set -euo pipefail
# shellcheck source=tests/use/common.sh
source "$SOURCE_DIR/tests/use/common.sh"

install_tare
unset LD_LIBRARY_PATH
pkg_config_consumers tare-static static
