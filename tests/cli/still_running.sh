#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A child that outlives the program is waited for by nobody: its figures are
# those up to now, and the report says so.
# shellcheck source=lib.sh
. "$SOURCE_DIR/tests/cli/lib.sh"

expect_status 0 "$TARE" run --json -- "$programs/waits" behind
kill -KILL "$(jq '.processes[0].pid' "$work/err")" || fail "no child"
expect_json '[.running, .leaked_bytes]' '[false,10]'
expect_json '.processes | map([.running, .allocations, .leaked_bytes])' '[[true,1,700]]'

# One that is forked at the very end: its record may be in the making, and is no broken one.
for _ in $(seq 30); do
    expect_status 0 "$TARE" run --json -- sh -c 'sleep 0.1 & exit 0'
    expect_json '.records_refused' 0
done

expect_status 0 "$TARE" run -- "$programs/waits" behind
kill -KILL "$(awk '/still running/ {print $1}' "$work/err")" || fail "no child"
expect_text "$work/err" "still running: figures up to now"
