#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The table of figures with gcc and clang, at -O0 and -O2, and at the levels
# between.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
read -r -a flags <<<"$FLAGS"
library=$(dirname "$LIBTARE")
for compiler in gcc clang; do
    for level in -O0 -O1 -O2 -O3 -Os; do
        "$compiler" -std=gnu17 -D_GNU_SOURCE -w "$level" "${flags[@]}" -I"$SOURCE_DIR/include" -I"$SOURCE_DIR/tests" \
            "$SOURCE_DIR/tests/exact/figures.c" -o "$work/figures" -L"$library" -ltare -Wl,-rpath,"$library" -pthread
        "$work/figures" || {
            echo "$compiler $level: failed"
            exit 1
        }
        echo "$compiler $level: exact"
    done
done
