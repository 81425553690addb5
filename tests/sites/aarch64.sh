#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# tare built for aarch64, and under qemu-aarch64: the core figures, sites against their model, and programs of the
# corpus, whose records are explained on this machine.
set -uo pipefail

here=$SOURCE_DIR/tests/sites
compiler=aarch64-linux-gnu-gcc
emulator="qemu-aarch64 -L /usr/aarch64-linux-gnu"
for needed in $compiler qemu-aarch64 cmake ninja; do
    command -v "$needed" >/dev/null || { echo "skipped: no $needed"; exit 77; }
done
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
unset DEBUGINFOD_URLS LD_PRELOAD TARE_STORE
export LC_ALL=C

fail() {
    echo "FAILED: $1"
    head -n "${2:-30}" "$work/log"
    exit 1
}

# The probes' header is the same for every machine, but Debian has it where only this one's compiler looks.
mkdir -p "$work/sdt/sys"
for header in sdt sdt-config; do
    ln -s "$(echo '#include <sys/sdt.h>' | gcc -E - | sed -n "s|^# 1 \"\(.*/$header\.h\)\".*|\1|p" | head -n 1)" "$work/sdt/sys/$header.h"
done

{
    cmake -S "$SOURCE_DIR" -B "$work/build" -G Ninja -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 \
        -DCMAKE_C_COMPILER=$compiler -DCMAKE_ASM_COMPILER=$compiler -DCMAKE_BUILD_TYPE=RelWithDebInfo -DTARE_WERROR=ON \
        -DCMAKE_C_FLAGS="-isystem $work/sdt" \
        -DTARE_INSTALL=OFF -DTARE_BUILD_{CLI,EXPLAIN,TESTS,EXAMPLES,BENCH}=OFF &&
        cmake --build "$work/build" -j 2 --target tare tare_static tare_explain
} >"$work/log" 2>&1 || fail "it can't be built" 200

# compile OUTPUT ARGUMENTS...
compile() {
    "$compiler" -std=gnu17 -D_GNU_SOURCE -DTEST_EMULATED -g -fno-builtin -pthread -I"$SOURCE_DIR/include" -I"$SOURCE_DIR/tests" \
        -I"$SOURCE_DIR"/src/{layout,capture,os,explain} -I"$here/corpus" "${@:2}" -o "$1" >"$work/log" 2>&1 ||
        fail "$1 can't be compiled"
}

under_qemu() {
    echo "$1"
    $emulator "${@:2}" >"$work/log" 2>&1 || fail "$1"
}

# ---- In the process --------------------------------------------------------------------------------------------------

compile "$work/figures" -O2 "$SOURCE_DIR/tests/exact/figures.c" -L"$work/build" -ltare -Wl,-rpath,"$work/build"
under_qemu "figures" "$work/figures"
compile "$work/peak" -O2 "$here"/{peak,known_stacks,model,scope_file}.c \
    "$work"/build/CMakeFiles/tare_explain.dir/src/explain/*.o "$work/build/libtare.a" -ldl
for way in alone with-a-thread; do
    under_qemu "sites against their model, $way" "$work/peak" "$way" 1 3 1000
done

# ---- From outside ----------------------------------------------------------------------------------------------------

# check PROGRAM.c OPTIONS...: its record, explained here.
check() {
    local name=${1%.c}
    echo "$*"
    mkdir -p "$work/$name" && rm -f "$work/$name"/*
    compile "$work/$name/program" "${@:2}" "$here/corpus/$1" -ldl
    $emulator -E LD_PRELOAD="$work/build/libtare.so" -E TARE_STORE="$work/$name" "$work/$name/program" \
        >"$work/log" 2>&1 || fail "$*"
    "$TARE" report --format json --top all "$work/$name"/*.tare >"$work/report.json" 2>"$work/log" || fail "report of $*"
    python3 "$here/corpus.py" "$work/report.json" "$here/corpus/$1" >"$work/log" || fail "$*"
}

for program in plain recursive callbacks handlers reallocs lifetimes contexts dynamic_frames threads; do
    check "$program.c" -O2
done
for options in -O0 "-O1 -fno-omit-frame-pointer" "-O2 -mbranch-protection=standard" "-O2 -no-pie"; do
    read -ra words <<<"$options"
    check plain.c "${words[@]}"
    check callbacks.c "${words[@]}"
done
