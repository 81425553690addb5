#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Pitfall 3: compilers exchange one function of the family for another (malloc and memset become
# calloc, realloc of NULL becomes malloc). The figures are the same for both spellings, with and
# without the flags, at each level.
source "$(dirname "$0")/build.sh"
need nm binutils

exchanged=
cell() {
    local compiler=$1 flags
    shift
    for flags in with without; do
        local chosen=()
        [[ $flags == without ]] || chosen=("${no_builtin[@]}")
        shared "$compiler" "$scratch/program" "$@" "${chosen[@]}" "$here/spellings.c"
        "$scratch/program" || fail "$compiler $* $flags the flags"
        if [[ $* != *flto* && $flags == without ]]; then
            "$compiler" -w "$@" -I"$SOURCE_DIR/include" -I"$SOURCE_DIR/tests" -c "$here/spellings.c" -o "$scratch/object.o"
            # The file spells neither calloc nor a realloc of anything but NULL.
            if nm "$scratch/object.o" | grep -q ' U calloc$' || ! nm "$scratch/object.o" | grep -q ' U realloc$'; then
                exchanged+=" $compiler $*;"
            fi
        fi
    done
    echo "$compiler $*: the same"
}

for_each_cell cell gcc clang
[[ -n $exchanged ]] || fail "no compiler exchanges a function: the test shows nothing"
echo "functions are exchanged at:$exchanged"
