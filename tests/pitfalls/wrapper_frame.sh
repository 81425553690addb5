#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Pitfall 5: at -O2 `return malloc(size);` is a jump, so the wrapper has no frame and no report can
# name it. The count is right either way; with -fno-optimize-sibling-calls the frame is there.
source "$(dirname "$0")/build.sh"
need objdump binutils

ways_to_malloc() {
    objdump -d --no-show-raw-insn "$1" --disassemble=wrapper | awk '$NF ~ /^<malloc(@.*)?>$/ { print $2 }'
}

for compiler in gcc clang; do
    need "$compiler" "$compiler"
    for flag in -foptimize-sibling-calls -fno-optimize-sibling-calls; do
        shared "$compiler" "$scratch/program" -O2 $flag "${no_builtin[@]}" "$here/wrapper_frame.c"
        way=$(ways_to_malloc "$scratch/program")
        case $flag in
        -foptimize-sibling-calls) [[ $way == jmp* ]] || fail "$compiler $flag: expected a jump, found '$way'" ;;
        *) [[ $way == call* ]] || fail "$compiler $flag: expected a call, found '$way'" ;;
        esac
        "$scratch/program" || fail "$compiler $flag"
    done
done
