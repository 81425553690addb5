#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# --expect makes a gate: which statuses, what it says, and what can't be judged.
# shellcheck source=lib.sh
. "$SOURCE_DIR/tests/cli/lib.sh"
run=("$TARE" run)

while read -r expression; do
    expect_status 0 "${run[@]}" --expect "$expression" -- "$programs/known"
done <<'END'
allocations<=5
allocations >= 5
allocations==5
 allocations = 5
allocations!=6
allocations<6
allocations>4
bytes_allocated<=1k
bytes_allocated<1KiB
peak_bytes <= 1 MiB
peak_bytes<=1G
bytes_reallocated>-1
leaked_bytes=40
END
while read -r expression; do
    expect_status 1 "${run[@]}" --expect "$expression" -- "$programs/known"
    expect_text "$work/err" "tare: expectation failed"
done <<'END'
allocations<=4
allocations>=6
allocations==4
allocations=4
allocations!=5
allocations<5
allocations>5
bytes_allocated>1k
leaked_bytes==0
END

# A failed one beats the program's status; one that holds leaves it alone.
expect_status 1 "${run[@]}" --expect 'leaked_bytes==0' --expect 'allocations<=5' -- "$programs/known" 19
expect_status 19 "${run[@]}" --expect 'allocations<=5' -- "$programs/known" 19
expect_status 1 "${run[@]}" --expect 'leaked_bytes==0' --expect 'allocations<=5' -- "$programs/known"
sed 's/  */ /g' "$work/err" >"$work/squeezed"
expect_text "$work/squeezed" "! leaked_bytes exactly 0 40"
expect_text "$work/squeezed" " allocations at most 5 5"

# The table is on stderr also when the report goes elsewhere.
expect_status 1 "${run[@]}" --json --output "$work/report" --expect 'leaked_bytes==0' -- "$programs/known"
expect_text "$work/err" "! leaked_bytes"
cp "$work/report" "$work/err"
expect_json .expectations '[{"expression":"leaked_bytes==0","statistic":"leaked_bytes","relation":"==","expected":0,"actual":40,"holds":false}]'

# JSON on stderr stays JSON.
expect_status 1 "${run[@]}" --json --expect 'leaked_bytes==0' -- "$programs/known"
expect_json '.expectations[0].holds' false

# Children are not judged; the program itself is.
expect_status 0 "${run[@]}" --expect 'allocations==1' -- "$programs/forks" spawn "$programs/known"

# What is inexact can't be judged, whatever the figure is.
expect_status 1 "${run[@]}" --json --expect 'allocations>=0' -- "$programs/inexact"
expect_json '[.inexact, .expectations[0].holds]' '[["BYPASSED"],false]'
expect_status 1 "${run[@]}" --expect 'allocations>=0' -- "$programs/inexact"
expect_text "$work/err" "tare: expectation can't be judged"
expect_text "$work/err" "inexact: a module binds malloc past tare"
expect_no_text "$work/err" "exact: yes"
expect_status 0 "${run[@]}" -- "$programs/inexact"
expect_status 1 "${run[@]}" --json --expect 'allocations>=0' -- "$programs/marks"
expect_json '[.inexact, .children_lost]' '[["ENDED_MID_CALL"],1]'
expect_status 0 "${run[@]}" -- "$programs/marks"
expect_text "$work/err" "inexact: the program was ended in the middle of a call"
expect_text "$work/err" "1 forked child could not be recorded"
