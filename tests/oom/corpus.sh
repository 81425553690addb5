#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# corpus.sh SOURCE: the planted defect is found, by copies and from the start alike, its replay shows it again; the clean
# twin passes.
# shellcheck source=lib.sh
. "$SOURCE_DIR/tests/oom/lib.sh"
name=$(basename "${1%.*}")
expected=$(sed -n 's/^ \* expect: \(.*\)$/\1/p' "$1")
read -r -a options <<<"$(sed -n 's/^ \* options: \(.*\) \*\/$/\1/p' "$1")"
[ -n "$expected" ] || fail "$1 does not say what to expect"

for way in "" --from-start; do
    # shellcheck disable=SC2086 # one word, or none
    sweep 1 $way "${options[@]}" -- "$programs/oom_$name"
    [ "$(of ".verdicts[\"$expected\"]")" -gt 0 ] || fail "$expected is not found"
    expect_of "[.results[].verdict] | map(select(. != \"passed\")) | unique" "[\"$expected\"]"
    expect_of ".runs_forked == 0" "$([ -z "$way" ] && echo false || echo true)"
    expect_of ".verdicts[\"not reached\"]" 0
    id=$(of "[.results[].runs[] | select(.verdict == \"$expected\")][0].id")
    mkdir "$work/ids$way" && jq -c '[.results[] | [.id, .verdict]]' "$work/out" >"$work/ids$way/results"
    # shellcheck disable=SC2086
    sweep 0 $way "${options[@]}" -- "$programs/oom_${name}_clean"
    expect_of ".points_failed" 0
done
cmp "$work/ids/results" "$work/ids--from-start/results" || fail "copies find other things than runs from the start"

expect_status 1 "$TARE" oom --replay "$id" "${options[@]}" -- "$programs/oom_$name"
expect_text "$work/err" "$expected"
expect_text "$work/err" "${1##*/}:"
