#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Pitfall 9: a program whose malloc symbols are hidden keeps them from libc, and tare would miss all
# that libc allocates. That must be an error, never a figure.
source "$(dirname "$0")/build.sh"

echo '{ local: *; };' >"$scratch/hidden.map"
options=("-Wl,--version-script=$scratch/hidden.map" "-Wl,--exclude-libs,ALL")

link() {
    "$1" -w -D_GNU_SOURCE "${no_builtin[@]}" -fvisibility=hidden -I"$SOURCE_DIR/include" -I"$SOURCE_DIR/tests" \
        "$here/hidden_malloc.c" "${@:3}" -o "$2" "$LIBTARE_STATIC" -ldl
}

for compiler in gcc clang; do
    need "$compiler" "$compiler"
    link "$compiler" "$scratch/visible"
    "$scratch/visible" attached || fail "$compiler: attached where nothing is hidden"
    for option in "${options[@]}"; do
        link "$compiler" "$scratch/hidden" "$option"
        "$scratch/hidden" hidden || fail "$compiler $option"
        if "$scratch/hidden" unhandled >"$scratch/log" 2>&1; then
            fail "$compiler $option: a measurement that is not attached passes"
        fi
        grep -q 'not attached' "$scratch/log" || fail "$compiler $option: silent: $(cat "$scratch/log")"
    done
done
