#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Pitfall 7: in a fully static program nothing can be interposed: with the archive that defines
# malloc either the link fails or tare says that it isn't attached. With --wrap it counts exactly, and
# libc's own calls as well: libc.a is linked with the same flags.
source "$(dirname "$0")/build.sh"
read -r -a wrap <<<"$WRAP_FLAGS"

static_program() {
    local compiler=$1 output=$2
    shift 2
    "$compiler" -w -D_GNU_SOURCE -O2 "${no_builtin[@]}" -I"$SOURCE_DIR/include" -I"$SOURCE_DIR/tests" -static \
        "$here/link_mode.c" -o "$output" "$@"
}

echo 'int main(void) { return 0; }' >"$scratch/empty.c"
for compiler in gcc clang; do
    need "$compiler" "$compiler"
    "$compiler" -static "$scratch/empty.c" -o "$scratch/empty" || skip "a static libc is missing (package libc6-dev)"

    static_program "$compiler" "$scratch/wrapped" "$LIBTARE_WRAP" "${wrap[@]}"
    if readelf -l "$scratch/wrapped" | grep -q INTERP; then
        fail "$compiler: the program isn't static"
    fi
    "$scratch/wrapped" wrap 4 || fail "$compiler: --wrap"

    if static_program "$compiler" "$scratch/interposed" "$LIBTARE_STATIC" 2>"$scratch/log"; then
        if "$scratch/interposed" static 4 2>"$scratch/log"; then
            echo "$compiler: the archive counts exactly"
        else
            grep -q 'tare_is_attached() *$\|not attached' "$scratch/log" || fail "$compiler: the archive: $(cat "$scratch/log")"
            echo "$compiler: the archive says that it isn't attached"
        fi
    else
        grep -q 'multiple definition\|duplicate symbol' "$scratch/log" || fail "$compiler: $(cat "$scratch/log")"
        echo "$compiler: the archive can't be linked"
    fi
done
