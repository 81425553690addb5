#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# usage: messages.sh <C compiler> <C++ compiler>
# The messages of the samples, whole, however they are compiled: golden/<case>.txt. UPDATE=1 writes those anew.
set -euo pipefail
source "$(dirname "$0")/common.sh"

cases=(everything none_permitted many_sites recursion figures_alone nested jumps threads forks pools no_bytes saves)
cases_cxx=(leaks containers exceptions)

# run <program> <golden> <case>
run() {
    new_place
    "$1" "$3" </dev/null >"$scratch/printed" 2>&1 || fail "$1 $3: $(cat "$scratch/printed")"
    normalised <"$scratch/printed" >"$scratch/output"
    check "$1 $3" "$2" "$scratch/output"
    # What it says is saved is there, and can be read.
    local file saved=0
    for file in "$TMPDIR"/*; do
        [[ -e $file ]] || continue
        "$TARE" report "$file" >"$scratch/report" || fail "$file can't be reported"
        saved=$((saved + 1))
    done
    ((saved == $(grep -c '^saved: ' "$scratch/output" || true))) || fail "$1 $3: $saved files saved"
}

[[ ! ${UPDATE:-} ]] || mkdir -p "$here/golden"
need "$1" "$1"
for level in -O0 -O2; do
    mkdir "$scratch/$level"
    build "$1" "$scratch/$level/samples" samples.c $level "${shared_library[@]}"
    for name in "${cases[@]}"; do
        run "$scratch/$level/samples" "$name" "$name"
    done
    build "$2" "$scratch/$level/samples_cxx" samples.cc -std=c++20 $level "${shared_library[@]}"
    for name in "${cases_cxx[@]}"; do
        run "$scratch/$level/samples_cxx" "cxx_$name" "$name"
    done
done
exit $failed
