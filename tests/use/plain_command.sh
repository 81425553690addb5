#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Neither CMake nor pkg-config: -ltare, and -fno-builtin against elision.
set -euo pipefail
# shellcheck source=tests/use/common.sh
source "$SOURCE_DIR/tests/use/common.sh"

install_tare
unset PKG_CONFIG_PATH CMAKE_PREFIX_PATH
for compiler in "${compilers[@]}"; do
    read -r cc _ <<<"$compiler"
    "$cc" -O2 -fno-builtin -I"$prefix/include" "$here/consumer/consumer.c" -o "$scratch/c" -L"$prefix/lib" -ltare
    "$scratch/c" shared
done
