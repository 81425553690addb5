#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Flame graphs by the command: of every metric, whose figures are those of the record to
# the byte; of two records; while a program is run; and where none can be had.
# shellcheck source=lib.sh
. "$SOURCE_DIR/tests/cli/lib.sh"

# figures METRIC STATISTIC: all frames of the graph, and its total.
figures()
{
    expect_status 0 "$TARE" report record --format svg --metric "$1" -o graph.svg
    expect_status 0 "$TARE" report record --format folded --metric "$1" -o folded
    xmllint --noout --nonet graph.svg || fail "no XML: $1"
    expect_status 0 python3 "$SOURCE_DIR/tests/cli/flame_sums.py" graph.svg folded
    read -r _ depth <"$work/out"
    awk 'NR == 1 { print $2 }' <<<"$(xmllint --xpath 'string(//*[@id="weights"])' graph.svg)" >total
    expect_equal "$(cat total)" "$(jq ".$2" figures.json)" "the total of $1"
}
for program in sites long_names; do
    expect_status 0 "$TARE" run --save record -- "$programs/$program"
    "$TARE" report record --json >figures.json || fail "no JSON"
    for metric in bytes:bytes_allocated count:allocations peak:peak_bytes; do
        figures "${metric%:*}" "${metric#*:}"
    done
done
[ "$depth" -ge 100 ] || fail "the deepest is at $depth"

# Nothing leaked: a picture that says so.
expect_status 0 "$TARE" report record --format svg --metric leak
expect_text "$work/out" "Nothing to draw: no bytes leaked in it</text>"

# While it runs, beside the usual summary, and the same as later from the record.
expect_status 0 "$TARE" run --save record --flamegraph run.svg -- "$programs/sites"
expect_text "$work/err" "bytes_allocated"
expect_status 0 "$TARE" report record --format svg -o report.svg
cmp run.svg report.svg || fail "the graph of the run is another"
expect_text run.svg "</svg>"
expect_status 0 "$TARE" report record --format svg --flame
expect_text "$work/out" " data-upward="
expect_status 2 "$TARE" run --no-sites --flamegraph run.svg -- true
expect_text "$work/err" "--flamegraph needs the call stacks that --no-sites turns off"
expect_status 3 "$TARE" run --flamegraph nowhere/graph.svg -- touch ran
expect_text "$work/err" "can't write nowhere/graph.svg: No such file or directory"
[ ! -e ran ] || fail "the program was run all the same"
expect_status 3 "$TARE" run --flamegraph kept.svg -- "$work/missing"
[ ! -e kept.svg ] || fail "a file without a graph"

# What changed.
expect_status 0 "$TARE" run --save after -- "$programs/sites_again" more
expect_status 0 "$TARE" diff record after --format svg --metric count -o diff.svg
xmllint --noout --nonet diff.svg || fail "no XML"
expect_text diff.svg ">before 62 allocations (record), after 15 allocations (after): -47 allocations, -75.81 %</text>"
title() { xmllint --xpath "string((//*[local-name()='title'][starts-with(., '$1')])[last()])" diff.svg | tail -n 2 | tr '\n' ' '; }
expect_equal "$(title hold)" "before 10 allocations, after 12 allocations +2 allocations, +20.00 % "
expect_equal "$(title churn)" "before 50 allocations, after 0 allocations -50 allocations: vanished "
expect_equal "$(title extra)" "before 0 allocations, after 1 allocation +1 allocation: appeared "
expect_status 0 "$TARE" diff record record --format svg
expect_equal "$(grep -c '^no change</title>' "$work/out")" "$(grep -c '<g role="treeitem"' "$work/out")" "without a change"
expect_status 1 "$TARE" diff record after --format svg --fail-if 'allocations>-48' -o diff.svg
expect_text "$work/err" "tare: failed: allocations>-48"
expect_status 2 "$TARE" diff record after --format folded
expect_text "$work/err" "text, json, svg."

# What is inexact says so, and which of the two.
expect_status 0 "$TARE" run --save inexact --flamegraph graph.svg -- "$programs/inexact"
reason=$(sed -n 's/^inexact: //p' "$work/err" | head -n1)
[ -n "$reason" ] || fail "the summary tells nothing inexact"
expect_text graph.svg ">inexact: $reason</text>"
expect_status 0 "$TARE" diff record inexact --format svg
expect_text "$work/out" ">after: inexact: $reason</text>"
expect_no_text "$work/out" ">before: inexact"
