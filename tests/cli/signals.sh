#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Signals to tare: SIGTERM and SIGHUP go on to the program, SIGINT and SIGQUIT
# are the program's own affair; in every case the report comes and nothing is
# left behind.
# shellcheck disable=SC2016 # what other shells are to expand
# shellcheck source=lib.sh
. "$SOURCE_DIR/tests/cli/lib.sh"

# start ARGUMENTS: waits until the program says that it is ready.
start()
{
    mkfifo "$work/ready"
    # A shell ignores SIGINT in what it starts in the background; env undoes that.
    env --default-signal=INT,QUIT "$TARE" run --json --output "$work/err" -- "$programs/waits" "$@" >"$work/ready" &
    tare=$!
    read -r line <"$work/ready"
    rm "$work/ready"
    expect_equal "$line" ready
}

ends_with()
{
    wait "$tare"
    local status=$?
    expect_equal "$status" "$1" "exit status"
    expect_equal "$(ls -A "$TMPDIR")" "" "left behind"
    expect_json .leaked_bytes 10
}

start handle
kill -TERM "$tare"
ends_with 42
expect_json .exit_status 42

start handle
kill -HUP "$tare"
ends_with 43

start
kill -TERM "$tare"
ends_with 143
expect_json .signal 15

start handle
kill -INT "$tare"
kill -QUIT "$tare"
sleep 0.2
kill -0 "$tare" || fail "tare is gone"
kill -TERM "$tare"
ends_with 42

# The program gets them as tare got them, whatever that is: make ignores two itself.
same_signals()
{
    local show=(grep -E '^Sig(Blk|Ign)' /proc/self/status)
    expect_status 0 env "$1" "$TARE" run -- "${show[@]}"
    expect_equal "$(cat "$work/out")" "$(env "$1" "${show[@]}")" "blocked and ignored signals"
}
same_signals --default-signal=INT,QUIT,TERM,HUP
same_signals --ignore-signal=HUP

# Who ignores its children can still be told their status.
expect_status 19 env --ignore-signal=CHLD "$TARE" run -- "$programs/known" 19
same_signals --ignore-signal=CHLD

# Nobody reads the report: a status, and nothing left behind.
{ "$TARE" run -- sleep 0.3; echo $? >"$work/status"; } 2>&1 >/dev/null | true
expect_equal "$(cat "$work/status")" 3 "exit status"
expect_equal "$(ls -A "$TMPDIR")" "" "left behind"
