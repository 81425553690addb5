#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# usage: async.sh <example>
# An example of an event loop prints the figures of each of its requests, to the digit.
set -euo pipefail
program=$BUILD_DIR/examples/$1
[[ -x $program ]] || { echo "skipped: $1 is not built: its library is missing"; exit 77; }

# request <name> <parts> <bytes of a part>: a reply grows part by part, with a NUL at its end, and is freed.
request() {
    local bytes=$(($2 * $3 + 1))
    echo "$1: 1 allocations, $(($2 - 1)) reallocations, $bytes bytes, $bytes at the peak, 0 leaked"
}

case $1 in
*_pool)
    expected=$(for i in 0 1 2 3; do request "request $i" 100 $((10 * (i + 1))); done)
    ;;
*)
    expected=$(request small 3 10; request large 5 1000)
    ;;
esac
for ((run = 0; run < 10; run++)); do
    diff -u --label expected <(echo "$expected") --label "printed by $1" <("$program")
done
