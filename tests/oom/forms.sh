#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Options that choose what is run, and the forms of the summary, over a program of 32 call stacks.
# shellcheck source=lib.sh
. "$SOURCE_DIR/tests/oom/lib.sh"
odd=$programs/oom_odd
stacks=("$odd" stacks 5)

sweep 0 -- "${stacks[@]}"
expect_of "[.allocations, .points, .points_run, .runs_forked, .verdicts.passed]" "[32,32,32,64,64]"
expect_of "[.results[].runs[].failures] | unique" "[1]"
jq -c '[.results[].id]' "$work/out" >"$work/ids"
sweep 0 -j 3 -- "${stacks[@]}"
expect_of "[.points_run, .runs_forked, .verdicts.passed]" "[32,64,64]"
expect_of "[.results[].id]" "$(cat "$work/ids")"
sweep 0 -j 3 --from-start --mode once -- "${stacks[@]}"
expect_of "[.runs_forked, .runs_from_start, .from_start_because.asked, .verdicts.passed]" "[0,32,32,32]"
expect_of "[.results[].id]" "$(cat "$work/ids")"

# Each allocation: 100 of one call stack.
sweep 0 --points allocations --mode once -- "$odd" many 100
expect_of "[.points, .runs_forked, ([.results[].id] | [first, last])]" '[100,100,["n1","n100"]]'
expect_status 0 "$TARE" oom --replay n100 -- "$odd" many 100

# Shards: each point in one, as evenly as can be.
for k in 1 2 3; do
    sweep 0 --shard $k/3 --mode once -- "${stacks[@]}"
    expect_of "[.points, .points_in_shard]" "[32,$((k == 3 ? 10 : 11))]"
    of ".results[].id" >>"$work/sharded"
done
expect_equal "$(sort "$work/sharded" | jq -cnR '[inputs]')" "$(jq -c sort "$work/ids")" "the points of all shards"

# A limit: so many, spread over all.
sweep 0 --limit 4 --mode once -- "${stacks[@]}"
expect_of "[.points, .points_run, [.results[].ordinal]]" "[32,4,[1,9,17,25]]"
expect_status 0 "$TARE" oom --limit 4 -- "${stacks[@]}"
expect_text "$work/out" "only an even sample of 4 of 32 points was run (--limit)"
expect_text "$work/out" "passed:"
sweep 0 --limit 100 -- "${stacks[@]}"
expect_of ".points_run" 32

# Resumed: what is in the file is not run again, whatever was broken off in it.
log=$work/log
sweep 0 --resume "$log" --shard 1/2 -- "${stacks[@]}"
expect_equal "$(wc -l <"$log")" 33 "lines of the log"
printf '{"id":12' >>"$log"
sweep 0 --resume "$log" -- "${stacks[@]}"
expect_of "[.runs_resumed, .verdicts.passed]" "[32,64]"
expect_equal "$(wc -l <"$log")" 65 "lines of the log"
expect_status 0 "$TARE" oom --resume "$log" -- "${stacks[@]}"
expect_text "$work/out" "64 of them had been run before (--resume)"
log=$work/failures
sweep 1 --leaks --resume "$log" -- "$programs/oom_leak"
jq -S 'del(.runs_resumed, .forking_ms, .from_start_ms, .unharmed_ms, .timeout_ms, .results[].runs[].ms)' "$work/out" >"$work/first"
sweep 1 --leaks --resume "$log" -- "$programs/oom_leak"
jq -S 'del(.runs_resumed, .forking_ms, .from_start_ms, .unharmed_ms, .timeout_ms, .results[].runs[].ms)' "$work/out" >"$work/second"
cmp "$work/first" "$work/second" || fail "resumed, it says something else"

# Text: the failing ones first, with their stacks and commands.
expect_status 1 "$TARE" oom --mode once -- "$programs/oom_unchecked"
expect_text "$work/out" "$programs/oom_unchecked: 1 of 1 points failed"
grep -qE '^FAILED [0-9a-f]{16}: 1 allocation, the first of 5 bytes, from$' "$work/out" || fail "no point"
expect_text "$work/out" "copy at "
expect_text "$work/out" "crashed: signal 11 (Segmentation fault), failing once"
id=$(sed -n 's/.* --replay \([^ ]*\) --.*/\1/p' "$work/out")
eval "$(sed -n "s|^ *replay: *tare|'$TARE'|p" "$work/out")" >"$work/again" 2>&1 && fail "the replay passed"
expect_text "$work/again" "crashed: signal 11"

# What it wrote is seen in a replay.
expect_status 1 "$TARE" oom --replay "${id%:*}" -- "$programs/oom_unchecked"
expect_status 0 "$TARE" oom --replay "$(jq -r '.[0]' "$work/ids"):forever" -- "${stacks[@]}"
expect_text "$work/err" "passed: exit status 3, failing forever"

# A null function is called by somebody.
expect_status 1 "$TARE" oom --mode once -- "$programs/oom_called_null"
grep -A2 "crashed: signal 11" "$work/out" | grep -q "main at " || fail "who called it is not shown"

# JUnit: as many cases as runs; well-formed.
expect_status 1 "$TARE" oom --junit "$work/junit.xml" -o "$work/summary" -- "$programs/oom_unchecked"
[ ! -s "$work/out" ] || fail "something on stdout"
expect_text "$work/summary" "1 of 1 points failed"
expect_text "$work/junit.xml" '<testsuite name="tare oom" tests="2" failures="2" errors="0"'
expect_text "$work/junit.xml" '<failure type="crashed" message="crashed: signal 11 (Segmentation fault)">'
xmllint --noout "$work/junit.xml" || fail "the XML is not well-formed"
expect_equal "$(xmllint --xpath 'count(//testcase)' "$work/junit.xml")" 2 "test cases"

# A program that a shell becomes.
sweep 1 --mode once -- sh -c "exec '$programs/oom_unchecked'"
expect_of "[.results[].runs[] | select(.verdict == \"crashed\") | .signal]" "[11]"

# gdb stops where it fails.
if command -v gdb >/dev/null; then
    printf 'backtrace\nkill\nquit\n' | "$TARE" oom --gdb "$id" -- "$programs/oom_unchecked" >"$work/out" 2>"$work/err"
    expect_text "$work/out" "tare_fault_here"
    grep -qE '^#[0-9]+ .* copy \(' "$work/out" || fail "gdb does not show who allocates"
fi
