#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# pkg-config and the archive for --wrap: in a dynamic program, in a fully static one, and before
# AddressSanitizer's malloc.
set -euo pipefail
# shellcheck source=tests/use/common.sh
source "$SOURCE_DIR/tests/use/common.sh"

install_tare
pkg_config_consumers tare-wrap wrap
pkg_config_consumers tare-wrap wrap -static
pkg_config_consumers tare-wrap wrap -fsanitize=address
