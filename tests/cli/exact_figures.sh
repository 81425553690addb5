#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A program whose figures are known, to the digit, in both formats; its standard
# output and exit status are its own.
# shellcheck source=lib.sh
. "$SOURCE_DIR/tests/cli/lib.sh"

expect_status 0 "$TARE" run --json -- "$programs/known"
expect_json "$statistics" '[5,4,1,548,508,200,300,1,40,1]'
expect_json .inexact '[]'
expect_json .histogram '[{"low":0,"high":0,"allocations":1},{"low":32,"high":63,"allocations":1},{"low":64,"high":127,"allocations":2},{"low":128,"high":255,"allocations":1}]'
expect_json '[.exit_status, .signal, .mode, .children_lost, .records_refused]' '[0,null,"preload",0,0]'
expect_json '[.processes, .expectations]' '[[],null]'
expect_equal "$(json .allocator)" libc.so.6
expect_equal "$(cat "$work/out")" known "stdout"

# The same twice: no figure depends on the weather.
jq -c "$statistics" "$work/err" >"$work/first"
expect_status 0 "$TARE" run --json -- "$programs/known"
expect_json "$statistics" "$(cat "$work/first")"

expect_status 19 "$TARE" run "$programs/known" 19
expect_equal "$(cat "$work/out")" known "stdout"
expect_text "$work/err" "exit status 19"
expect_text "$work/err" "exact: yes"
expect_text "$work/err" "mode: preload over libc.so.6"
for line in "allocations 5" "deallocations 4" "reallocations 1" "bytes_allocated 548" "bytes_deallocated 508" \
            "bytes_reallocated 200" "peak_bytes 300" "leaked_allocations 1" "leaked_bytes 40" "failed_allocations 1"; do
    sed 's/  */ /g' "$work/err" | grep -qx "$line" || fail "no line: $line"
done
sed 's/  */ /g' "$work/err" | grep -q '^64-127 2 #' || fail "the sizes"

# A program that allocates nothing is not one that was not measured.
expect_status 0 "$TARE" run --json -- /bin/true
expect_json .allocations 0
