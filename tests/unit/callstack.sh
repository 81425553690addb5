#!/bin/bash
# SPDX-License-Identifier: MIT
# callstack.c by each compiler and in some ways, and for aarch64 where it can run.
set -euo pipefail

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
flags=(-D_GNU_SOURCE "-I$SOURCE_DIR/include" "-I$SOURCE_DIR/tests")
for folder in capture layout os text; do
    flags+=("-I$SOURCE_DIR/src/$folder")
done
parts=(capture/callstack capture/environment capture/frames capture/last_walk capture/module_records capture/pieces
    capture/unwinder capture/unwind_modules capture/unwind_rules capture/unwind_slow os/linux os/linux_threads text/text)

ways=(-O0 -O2 "-O1 -fno-omit-frame-pointer" "-Os -no-pie" "-O2 -static -Wl,--eh-frame-hdr")

# run_by COMPILER RUNNER CXX OPTIONS...: the parts once, the test by each of the options.
run_by() {
    local compiler=$1 runner=$2 objects=() part options
    for part in "${parts[@]}"; do
        objects+=("$scratch/$(basename "$part").o")
        "$compiler" -std=gnu17 "${flags[@]}" -O2 -fPIC -fno-builtin -mgeneral-regs-only -c "$SOURCE_DIR/src/$part.c" \
            -o "${objects[-1]}"
    done
    if [ -n "$3" ]; then
        "$3" -O2 -fPIC -c "$SOURCE_DIR/tests/unit/callstack_throw.cc" -o "$scratch/throw.o"
        objects+=("$scratch/throw.o" -lstdc++)
    fi
    for options in "${@:4}"; do
        # shellcheck disable=SC2086 # words
        "$compiler" -std=gnu17 "${flags[@]}" -fexceptions $options "$SOURCE_DIR/tests/unit/callstack.c" \
            "${objects[@]}" -o "$scratch/callstack"
        echo "$compiler $options:"
        # shellcheck disable=SC2086 # words
        $runner "$scratch/callstack" ${runner:+2000} # emulated: less of it
    done
}

# on_aarch64 OPTIONS...
on_aarch64() {
    if ! command -v aarch64-linux-gnu-gcc >/dev/null || ! command -v qemu-aarch64 >/dev/null; then
        echo "skipped: no compiler for aarch64, or no qemu-aarch64" >&2
        exit 77
    fi
    run_by aarch64-linux-gnu-gcc "qemu-aarch64 -L /usr/aarch64-linux-gnu" "" "$@"
}

case $1 in
aarch64) on_aarch64 "${ways[@]}" ;;
signed) on_aarch64 "-O2 -mbranch-protection=standard" ;;
gcc) run_by gcc "" g++ "${ways[@]}" ;;
*) run_by "$1" "" "$1++" "${ways[@]}" ;;
esac
