#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A forked child that never execs records for itself: what it does shows in no
# figure of its parent, and what the parent did in none of its own.
# shellcheck source=lib.sh
. "$SOURCE_DIR/tests/cli/lib.sh"

parent='[1,0,0,1000,0,0,1000,1,1000,0]'
child='[1,1,0,500,1000,0,0,1,500,0]'
for way in fork _Fork; do
    expect_status 0 "$TARE" run --json -- "$programs/forks" $way -
    expect_json "$statistics" "$parent"
    expect_json ".processes | map($statistics)" "[$child]"
    expect_json '[.inexact, .processes[0].inexact, .children_lost]' '[[],[],0]'
    expect_json '[.processes[0].forked, .processes[0].parent_pid == .pid, .processes[0].pid != .pid]' '[true,true,true]'
done

# By a thread of several.
expect_status 0 "$TARE" run --json -- "$programs/forks" fork_in_thread -
expect_json "$statistics" "$parent"
expect_json '.inexact' '[]'
expect_json ".processes | map($statistics)" "[$child]"
