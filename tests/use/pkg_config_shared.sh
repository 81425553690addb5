#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# pkg-config and the shared library.
set -euo pipefail
# shellcheck source=tests/use/common.sh
source "$SOURCE_DIR/tests/use/common.sh"

install_tare
pkg_config_consumers tare shared
