#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Pitfalls 1 and 2: compilers delete calls whose block goes unused. With the flags that the CMake
# target and the pkg-config file carry every call is counted, at each level; and without them each
# compiler does delete some, so it is the flags that do it.
source "$(dirname "$0")/build.sh"

declare -A deleted_without_flags=()

cell() {
    local compiler=$1 flags=("${no_builtin[@]}")
    case $compiler in
    g++) flags+=("$NO_NEW_ELISION_GNU") ;;
    clang++) flags+=("$NO_NEW_ELISION_CLANG") ;;
    esac
    shift
    shared "$compiler" "$scratch/with" "$@" "${flags[@]}" "$here/$SOURCE"
    "$scratch/with" || fail "$compiler $*: with the flags"
    shared "$compiler" "$scratch/without" "$@" "$here/$SOURCE"
    "$scratch/without" 2>"$scratch/log" || deleted_without_flags[$compiler]+=" $*;"
    echo "$compiler $*: exact"
}

# shellcheck disable=SC2086 # a list
for_each_cell cell $COMPILERS
for compiler in $COMPILERS; do
    [[ -n ${deleted_without_flags[$compiler]:-} ]] ||
        fail "$compiler deletes nothing without the flags: the test shows nothing"
    echo "$compiler without the flags deletes calls at:${deleted_without_flags[$compiler]}"
done
