#!/bin/bash
# SPDX-License-Identifier: MIT
# unwind.c by each compiler and in each way, and for aarch64 where it can run.
set -euo pipefail

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
flags=(-std=gnu17 -D_GNU_SOURCE "-I$SOURCE_DIR/tests" "-I$SOURCE_DIR/src/capture" "-I$SOURCE_DIR/src/os" "-I$SOURCE_DIR/src/text")

# run_by COMPILER RUNNER: the unwinder once, the test in each way.
run_by() {
    local compiler=$1 runner=$2 objects=() options
    for source in "$SOURCE_DIR"/src/capture/unwind*.c "$SOURCE_DIR"/src/os/linux.c; do
        objects+=("$scratch/$(basename "$source" .c).o")
        "$compiler" "${flags[@]}" -O2 -fPIC -c "$source" -o "${objects[-1]}"
    done
    for options in -O0 -O1 -O2 -Os "-O1 -fno-omit-frame-pointer" "-O2 -fno-omit-frame-pointer -Wl,-z,lazy" \
        "-O0 -fomit-frame-pointer -Wl,-z,lazy" "-O2 -no-pie" "-O2 -static -Wl,--eh-frame-hdr" ${3+"$3"}; do
        # shellcheck disable=SC2086 # words
        "$compiler" "${flags[@]}" $options "$SOURCE_DIR/tests/unit/unwind.c" "${objects[@]}" -o "$scratch/unwind"
        echo "$compiler $options:"
        # shellcheck disable=SC2086 # words
        $runner "$scratch/unwind"
    done
}

case $1 in
aarch64)
    if ! command -v aarch64-linux-gnu-gcc >/dev/null || ! command -v qemu-aarch64 >/dev/null; then
        echo "skipped: no compiler for aarch64, or no qemu-aarch64" >&2
        exit 77
    fi
    run_by aarch64-linux-gnu-gcc "qemu-aarch64 -L /usr/aarch64-linux-gnu" "-O2 -mbranch-protection=standard"
    ;;
*)
    run_by "$1" ""
    ;;
esac
