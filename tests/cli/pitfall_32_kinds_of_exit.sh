#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# However a program ends, its record is whole.
# shellcheck source=lib.sh
. "$SOURCE_DIR/tests/cli/lib.sh"
ulimit -c 0

figures='[2,1,0,1024,24,0,1024,1,1000,0]'
while read -r way status end; do
    expect_status "$status" "$TARE" run --json -- "$programs/ends" "$way"
    expect_json "$statistics" "$figures"
    expect_json .inexact '[]'
    expect_json '{exit_status, signal} | del(..|nulls)' "$end"
    expect_json .processes '[]'
done <<'END'
return 4 {"exit_status":4}
exit 5 {"exit_status":5}
_exit 6 {"exit_status":6}
quick_exit 7 {"exit_status":7}
abort 134 {"signal":6}
segv 139 {"signal":11}
kill 137 {"signal":9}
END

# exec: the image before it has a record of its own.
expect_status 5 "$TARE" run --json -- "$programs/ends" exec
expect_json "$statistics" "$figures"
expect_json ".processes | map($statistics)" "[$figures]"
expect_json '[.command[0], .processes[0].pid == .pid, .processes[0].command[1]]' '["again",true,"exec"]'

expect_status 139 "$TARE" run -- "$programs/ends" segv
expect_text "$work/err" "killed by signal 11"
