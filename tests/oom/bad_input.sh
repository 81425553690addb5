#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What can't be swept is said, and why; wrong usage is status 2, before anything runs.
# shellcheck source=lib.sh
. "$SOURCE_DIR/tests/oom/lib.sh"
odd=$programs/oom_odd

usage_error()
{
    local text=$1
    shift
    expect_status 2 "$TARE" oom "$@"
    expect_text "$work/err" "$text"
    [ ! -s "$work/out" ] || fail "something on stdout"
}
unable()
{
    local text=$1
    shift
    expect_status 3 "$TARE" oom "$@"
    expect_text "$work/err" "$text"
    [ ! -s "$work/out" ] || fail "something on stdout"
}

usage_error "which program?"
usage_error "Did you mean '--shard'?" --shrd 1/2 -- "$odd"
usage_error "--limit: a number from 1 on is expected, not '0'" --limit 0 -- "$odd"
usage_error "--limit: a number from 1 on is expected, not 'x'" --limit x -- "$odd"
usage_error "--limit: a number from 1 on is expected, not '-1'" --limit -1 -- "$odd"
usage_error "--jobs: a number from 1 on" -j 0 -- "$odd"
usage_error "--shard: K/N is expected" --shard 2 -- "$odd"
usage_error "--shard: K/N is expected" --shard 0/2 -- "$odd"
usage_error "--shard: K/N is expected" --shard 1/0 -- "$odd"
usage_error "--shard: 3/2 is out of range: there are only 2" --shard 3/2 -- "$odd"
usage_error "--timeout: seconds are expected" --timeout 0 -- "$odd"
usage_error "--timeout: seconds are expected" --timeout soon -- "$odd"
usage_error "--mode: once, forever or both" --mode twice -- "$odd"
usage_error "--points: stacks or allocations" --points all -- "$odd"
usage_error "--replay: the ID of a point is expected" --replay 0 -- "$odd"
usage_error "--replay: the ID of a point is expected" --replay 12:never -- "$odd"
usage_error "--gdb: the ID of a point is expected" --gdb -1 -- "$odd"
usage_error "which one?" --gdb 1 --replay 1 -- "$odd"
usage_error "--resume is for a sweep" --replay 1 --resume "$work/log" -- "$odd"

unable "there is no such program" -- no-such-program
unable "$odd never allocates: there is nothing to fail" -- "$odd" never
unable "signal 11 (Segmentation fault) killed $odd though nothing failed" -- "$odd" crashes
unable "there is no point 00000000000000ff any more" --replay ff -- "$odd" many 3
unable "there is no allocation 4 any more: $odd makes 3 that can fail" --replay n4 -- "$odd" many 3
unable "--shard 2/2 is out of range: there are only 1 points" --shard 2/2 -- "$odd" many 3
unable "can't write $work/no/where" -o "$work/no/where" -- "$odd" many 3
unable "can't write $work/no/where" --junit "$work/no/where" -- "$odd" many 3
unable "can't write $work/no/where" --resume "$work/no/where" -- "$odd" many 3
[ ! -e "$BUILD_DIR/tests/cli/unreachable" ] ||
    unable "tare never attached to" -- "$BUILD_DIR/tests/cli/unreachable"

# Not deterministic: an error, and no pass.
expect_status 3 "$TARE" oom -- "$odd" depends "$work/marker"
expect_text "$work/err" "is not deterministic"
expect_text "$work/out" "NOT DETERMINISTIC"
rm "$work/marker"
sweep 3 --from-start -- "$odd" depends "$work/marker"
expect_of ".verdicts[\"not reached\"] > 0" true

# Abort is a crash, unless it may be.
sweep 1 -- "$odd" abort
expect_of "[.results[].runs[].signal] | unique" "[6]"
sweep 0 --may-abort -- "$odd" abort

# A file that is no log, and one of another command.
echo text >"$work/log"
usage_error "$work/log is no file of results" --resume "$work/log" -- "$odd" many 3
expect_equal "$(cat "$work/log")" text "what was in the file"
rm "$work/log"
sweep 0 --resume "$work/log" -- "$odd" many 3
usage_error "has results of another command" --resume "$work/log" -- "$odd" many 4
