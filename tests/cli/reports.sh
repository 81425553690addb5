#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# From a run to its reports: sites to the figure and the line, as text, JSON and a tree,
# of the run itself and of the record it kept.
# shellcheck disable=SC2016 # what other shells are to expand
# shellcheck source=lib.sh
. "$SOURCE_DIR/tests/cli/lib.sh"
line_of() { grep -n "$1" "$SOURCE_DIR/tests/cli/sites.c" | cut -d: -f1 | head -n1; }
held=$(line_of 'kept = malloc(100)') churned=$(line_of 'kept = malloc(20)') recursed=$(line_of 'kept = malloc(7)')

# site FUNCTION FIGURES: of the JSON in $work/err, by the first frame that is shown.
site()
{
    local actual
    actual=$(jq -c --arg name "$1" '[.sites[] | select(([.stack[] | select(.hidden | not)][0].function) == $name)
        | [.allocations, .bytes_allocated, .reallocations, .temporary, .live_blocks, .live_bytes]]' "$work/err")
    [ "$actual" = "$2" ] || fail "$1 is $actual, expected $2"
}

expect_status 0 "$TARE" run --json --save record -- "$programs/sites"
site hold '[[10,1000,0,0,10,1000]]'
site churn '[[50,1000,0,50,0,0]]'
site recurse '[[1,7,0,0,1,7]]'
expect_json '[.sites[].allocations] | add' "$(jq .allocations "$work/err")"
expect_json '[.sites[].bytes_allocated] | add' "$(jq .bytes_allocated "$work/err")"
expect_json '[.sites[].live_bytes] | add' "$(jq .leaked_bytes "$work/err")"
expect_json '[.sites[].peak_bytes] | add' "$(jq .peak_bytes "$work/err")"
expect_json .siteless '{"allocations":0,"bytes_allocated":0,"live_blocks":0,"live_bytes":0,"peak_bytes":0}'
expect_json '.site_count == (.sites | length)' true
expect_json .record '"record"'
expect_json '[.sites[] | .stack[] | select(.function == "hold") | [.line, (.file | endswith("/sites.c"))]]' "[[$held,true]]"
expect_json '[.modules[] | select(.path | endswith("/sites"))] | length' 1
expect_json '.timeline | length > 0' true
cp "$work/err" run.json

# The record says the same; only how the program ended is not in it.
expect_status 0 "$TARE" report record --format json
expect_equal "$(jq -cS 'del(.exit_status, .record, .running)' <run.json)" "$(jq -cS 'del(.running)' "$work/out")" "the record"
expect_status 0 "$TARE" report --json --top 1 --sort count record
expect_equal "$(jq -c '[.sites[].allocations]' "$work/out")" '[50]'

expect_status 0 "$TARE" run --no-save -- "$programs/sites"
expect_text "$work/err" "most bytes allocated: "
expect_text "$work/err" "      hold at $SOURCE_DIR/tests/cli/sites.c:$held"
expect_text "$work/err" "recurse at $SOURCE_DIR/tests/cli/sites.c:$recursed"
expect_text "$work/err" "50 temporary allocations  100.0 %  of 50 allocations"
expect_text "$work/err" "leaked: 2 sites"
expect_text "$work/err" "  1,000 bytes   99.3 %  in 10 blocks"
expect_no_text "$work/err" "__libc_start"
expect_no_text "$work/err" "truncated"
expect_no_text "$work/err" "without a site"
expect_no_text "$work/err" "record:"
expect_status 0 "$TARE" run --no-save --top 1 -- "$programs/sites"
expect_text "$work/err" "leaked: 1 of 2 sites"
expect_text "$work/err" "... and 1 more site"

expect_status 0 "$TARE" report record --metric leak
expect_text "$work/out" "leaked: 2 sites"
expect_no_text "$work/out" "temporary"
expect_status 0 "$TARE" report record --metric leak --frames 1
expect_text "$work/out" "... called through 1 more"
expect_status 0 "$TARE" report -t --metric count record
expect_text "$work/out" "allocations, from the outermost function in; parts below 0.5 % are left out"
grep -q " 62 allocations  100.0 %  main in .*/sites.c$" "$work/out" || fail "main in the tree"
grep -q " 50 allocations   80.6 %    churn at .*/sites.c:$churned$" "$work/out" || fail "churn in the tree"
expect_status 0 "$TARE" report --tree --prune 50 --metric count record
expect_no_text "$work/out" "hold"

# -o: whole or not at all.
expect_status 0 "$TARE" report record -o leaks.txt --metric leak
expect_text leaks.txt "leaked: 2 sites"
[ ! -s "$work/out" ] || fail "something on stdout"
echo old >leaks.txt
expect_status 3 "$TARE" report missing -o leaks.txt
expect_text "$work/err" "can't read missing: No such file or directory"
expect_equal "$(cat leaks.txt)" old
expect_status 3 sh -c '"$1" report record >/dev/full' sh "$TARE"
expect_text "$work/err" "can't write to standard output"

# Without sites there are only figures.
expect_status 0 "$TARE" run --no-save --no-sites --json -- "$programs/sites"
expect_json '[.allocations, .leaked_bytes, .site_count]' '[62,1007,0]'
expect_status 0 "$TARE" run --no-save --no-sites -- "$programs/sites"
expect_no_text "$work/err" "without a site"

# As many frames as asked for, and no word of it but where they end.
expect_status 0 "$TARE" run --no-save --depth 1 --json -- "$programs/sites"
expect_json '[.sites[].stack | map(select(.truncated | not)) | length] | max <= 2' true
for way in tables frame-pointers slow; do
    expect_status 0 "$TARE" run --no-save --unwind "$way" --json -- "$programs/sites"
    expect_json '[.sites[].allocations] | add' 62
done

# What can't be.
expect_status 2 "$TARE" report
expect_text "$work/err" "which record?"
expect_status 2 "$TARE" report a b
expect_text "$work/err" "one record at a time: 'b'"
expect_status 2 "$TARE" report record --format svgg
expect_text "$work/err" "there is no format 'svgg'"
expect_text "$work/err" "There are text, json"
expect_status 2 "$TARE" report record --metric byts
expect_text "$work/err" "Did you mean 'bytes'?"
expect_status 2 "$TARE" report record --sort size
expect_text "$work/err" "There are bytes, count, peak, leak, temporary, reallocations."
expect_status 2 "$TARE" report record --top 0
expect_text "$work/err" "--top: a number from 1 on or 'all' is expected, not '0'"
expect_status 2 "$TARE" report record --prune 101
expect_text "$work/err" "--prune: a percentage up to 100 is expected, not '101'"
expect_status 2 "$TARE" report record --pid 1
expect_text "$work/err" "there is no process 1 in record; there are:"
expect_status 2 "$TARE" run --unwind fast -- true
expect_text "$work/err" "tables, frame-pointers or slow is expected, not 'fast'"
expect_status 2 "$TARE" run --depth deep -- true
head -c 1000 record >beginning
expect_status 3 "$TARE" report beginning
expect_text "$work/err" "can't read beginning: it is truncated"
expect_status 3 "$TARE" report "$SOURCE_DIR/README.md"
expect_text "$work/err" "it is no record of tare's"
