# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# For the scripts of this folder that compile or disassemble: a scratch directory, and one way to
# fail and to skip.
set -euo pipefail

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# shellcheck disable=SC2034 # for the scripts that read this file
here=$SOURCE_DIR/tests/pitfalls
# shellcheck disable=SC2034
read -r -a no_builtin <<<"${NO_BUILTIN_FLAGS:-}"

fail() {
    echo "failed: $*"
    exit 1
}

skip() {
    echo "skipped: $*"
    exit 77
}

# need <command> <Debian package>
need() {
    command -v "$1" >/dev/null || skip "$1 is missing (package $2)"
}

# shared <compiler> <output> <sources and options...>: a program linked with the shared library.
shared() {
    local compiler=$1 output=$2
    shift 2
    "$compiler" -w -D_GNU_SOURCE -I"$SOURCE_DIR/include" -I"$SOURCE_DIR/tests" -o "$output" "$@" \
        "$LIBTARE" -Wl,-rpath,"$(dirname "$LIBTARE")" -pthread
}

# for_each_cell <function> <C compilers...>: calls it with a compiler and each way to optimize.
levels=("-O0" "-O1" "-O2" "-Os" "-O2 -flto")
for_each_cell() {
    local function=$1 compiler level
    shift
    for compiler in "$@"; do
        need "$compiler" "$compiler"
        for level in "${levels[@]}"; do
            if [[ $compiler == clang* && $level == *flto ]]; then
                if ! command -v ld.lld >/dev/null; then
                    echo "skipped the cell $compiler $level: ld.lld is missing (package lld)"
                    continue
                fi
                level+=" -fuse-ld=lld"
            fi
            # shellcheck disable=SC2086 # a list of flags
            "$function" "$compiler" $level
        done
    done
}
