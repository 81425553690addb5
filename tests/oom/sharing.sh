#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What a copy of a process shares with it is put back, or it is not copied; the summary says which and why.
# shellcheck source=lib.sh
. "$SOURCE_DIR/tests/oom/lib.sh"
shares=$programs/oom_shares
printf abcdef >"$work/text"

# expect_ways FORKED REASON FROM_START: of all runs; no program saw that it was not alone.
expect_ways()
{
    expect_of ".runs_forked > 0" "$1"
    expect_of ".runs_from_start > 0" "$3"
    [ -z "$2" ] || expect_of ".from_start_because.$2 == .runs_from_start" true
    expect_of ".exit_status" 0
    expect_of "[.results[].runs[].exit_status] | unique" "[3]"
}

sweep 0 -- "$shares" offset "$work/text"
expect_ways true "" false
sweep 0 -- "$shares" signals
expect_ways true "" false
sweep 0 -- "$shares" input <"$work/text"
expect_ways true "" false
sweep 0 -- "$shares" input < <(cat "$work/text")
expect_ways true "" false
sweep 0 -- "$shares" pipe
expect_ways false pipe true
sweep 0 -- "$shares" file "$work/written"
expect_ways false file true
sweep 0 -- "$shares" child
expect_ways false forked true

# Where threads may be alive: libc fails to make one, or the point is run from the start.
sweep 0 -- "$shares" threads
expect_of ".from_start_because.threads > 0" true
expect_of ".exit_status" 0

# Copies write nothing, and what is in a buffer is written once: the output of the unharmed run and of the one
# that forks, and no more.
sweep 0 --show-output -- "$shares" output
grep -cx once "$work/out" >"$work/times" || true
expect_equal "$(cat "$work/times")" 2 "times that the output is written"

expect_status 0 "$TARE" oom -- "$shares" file "$work/written"
expect_text "$work/out" "from the start ("
expect_text "$work/out" "a file was open for writing"
