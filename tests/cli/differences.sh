#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# tare diff: what grew, shrank, appeared and vanished between two runs, also of two
# builds, and the gate that makes of it.
# shellcheck source=lib.sh
. "$SOURCE_DIR/tests/cli/lib.sh"

expect_status 0 "$TARE" run --save before -- "$programs/sites"
expect_status 0 "$TARE" run --save after -- "$programs/sites_again" more

# change FUNCTION WORD BEFORE AFTER: allocations; by count.
expect_status 0 "$TARE" diff --json --metric count before after
change()
{
    local actual
    actual=$(jq -r --arg name "$1" '.sites[] | select(([.stack[] | select(.hidden | not)][0].function) == $name)
        | "\(.change) \(.before.allocations) \(.after.allocations)"' "$work/out")
    expect_equal "$actual" "$2" "$1"
}
change hold "grew 10 12"
change churn "vanished 50 0"
change extra "appeared 0 1"
expect_equal "$(jq -c '[.sites[].change] | sort' "$work/out")" '["appeared","grew","vanished"]' "the changes"
expect_equal "$(jq -c '[.before.allocations, .after.allocations, .change.allocations]' "$work/out")" '[62,15,-47]'
expect_equal "$(jq -r '.before.record' "$work/out")" before

expect_status 0 "$TARE" diff before after
expect_text "$work/out" "before: before: $programs/sites (pid "
expect_text "$work/out" "allocations: 1 site grew, 1 site appeared, 1 site vanished"
expect_text "$work/out" "  +5,000 bytes  appeared"
expect_text "$work/out" "  -1,000 bytes  vanished"
expect_text "$work/out" "    +200 bytes  grew from 1,000 to 1,200"
sed 's/  */ /g' "$work/out" >squeezed
expect_text squeezed "allocations 62 15 -47 -75.8 %"
expect_status 0 "$TARE" diff before before
expect_equal "$(tail -n1 "$work/out" | tr -s ' ')" "failed_allocations 0 0 0" "the last line"
expect_status 0 "$TARE" diff before after --top 1 --metric bytes
expect_text "$work/out" "... and 2 more sites"
expect_no_text "$work/out" "leaked: "

# The gate.
passes() { expect_status 0 "$TARE" diff before after --fail-if "$1"; }
fails()
{
    expect_status 1 "$TARE" diff before after --fail-if "$1"
    expect_text "$work/out" "tare: failed: $1: the change is $2"
}
fails 'leaked_bytes>+199' '+200, +19.86 %'
passes 'leaked_bytes>+200'
fails 'leaked_bytes>=+200' '+200, +19.86 %'
fails 'leaked_bytes > +19.860%' '+200, +19.86 %'
passes 'leaked_bytes>+19.861%'
passes 'leaked_bytes>+1KiB'
passes 'allocations>+0'
fails 'allocations>-48' '-47, -75.81 %'
passes 'allocations>-47'
passes 'failed_allocations>+5%'
expect_status 1 "$TARE" diff before after --fail-if 'allocations>+0' --fail-if 'leaked_bytes>+0%'
expect_status 1 "$TARE" diff before after --json --fail-if 'leaked_bytes>+1%'
expect_text "$work/err" "tare: failed: leaked_bytes>+1%"
expect_equal "$(jq -c .fail_if "$work/out")" '[{"expression":"leaked_bytes>+1%","statistic":"leaked_bytes","failed":true}]'
expect_status 0 "$TARE" run --save inexact -- "$programs/inexact"
expect_status 1 "$TARE" diff inexact inexact --fail-if 'allocations>+1000'
expect_text "$work/out" "can't be judged, since a run is inexact: allocations>+1000"

# bad_growth COLUMN TEXT GROWTH: the caret stands under the column, from 0.
bad_growth()
{
    expect_status 2 "$TARE" diff before after --fail-if "$3"
    expect_text "$work/err" "  $3"
    grep -q "^  $(printf "%${1}s")^ expected here: " "$work/err" || fail "the caret is not at column $1"
    expect_text "$work/err" "$2"
}
bad_growth 0 "did you mean 'allocations'?" 'alocations>+1'
bad_growth 11 "> or >=" 'allocations<+1'
bad_growth 12 "+, and how much more" 'allocations>2%'
bad_growth 13 "a number" 'allocations>+'
bad_growth 13 "a number" 'allocations>+-1'
bad_growth 14 "%, k, M, G or the end" 'allocations>+2x'
bad_growth 16 "% behind at most three decimals" 'allocations>+2.5'
bad_growth 18 "% behind at most three decimals" 'allocations>+2.1234%'
bad_growth 15 "the end" 'allocations>+2%x'
bad_growth 14 "not in bytes" 'allocations>+1KiB'

expect_status 2 "$TARE" diff before
expect_text "$work/err" "which two records? (1 given)"
expect_status 2 "$TARE" diff a b c
expect_status 3 "$TARE" diff before missing
expect_text "$work/err" "can't read missing: No such file or directory"
expect_status 3 "$TARE" diff before after -o /none/of/this
