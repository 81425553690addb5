#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Children: each recorded on its own and listed, exactly; or, with --no-follow,
# not at all. The parent's figures are the same.
# shellcheck disable=SC2016 # what other shells are to expand
# shellcheck source=lib.sh
. "$SOURCE_DIR/tests/cli/lib.sh"

known='[5,4,1,548,508,200,300,1,40,1]'
parent='[1,0,0,1000,0,0,1000,1,1000,0]'

for way in fork_and_exec vfork spawn; do
    expect_status 0 "$TARE" run --json -- "$programs/forks" $way "$programs/known"
    expect_json "$statistics" "$parent"
    expect_json ".processes | map($statistics)" "[$known]"
    expect_json '[.processes[0].parent_pid == .pid, .processes[0].pid != .pid, .children_lost]' '[true,true,0]'
    expect_json '.processes[0].forked' false

    expect_status 0 "$TARE" run --json --no-follow -- "$programs/forks" $way "$programs/known"
    expect_json "$statistics" "$parent"
    expect_json .processes '[]'
done
expect_status 0 "$TARE" run --json --no-follow -- "$programs/forks" fork "$programs/known"
expect_json "$statistics" "$parent"
expect_json '[.processes, .children_lost]' '[[],0]'

# Grandchildren, in a pipe of a shell.
expect_status 0 "$TARE" run --json -- sh -c '"$1" | "$1" >/dev/null' sh "$programs/known"
expect_json ".processes | map(select(.command[0] | endswith(\"known\")) | $statistics)" "[$known,$known]"

# As text.
expect_status 0 "$TARE" run -- "$programs/forks" spawn "$programs/known"
expect_text "$work/err" "other processes"
sed 's/  */ /g' "$work/err" | grep -qE "^ [0-9]+ 5 300 40 'child of spawn'$" || fail "the child's line"

# The program that exec ended with is the one the command named.
expect_status 0 "$TARE" run --json -- sh -c 'exec "$1"' sh "$programs/known"
expect_json "$statistics" "$known"

# Forked children that could not be recorded are counted. The shell takes the
# directory away under its own children.
expect_status 0 "$TARE" run --json -- bash -c 'mv "$TARE_STORE" "$TARE_STORE.gone"; (exit 0); (exit 0); mv "$TARE_STORE.gone" "$TARE_STORE"'
expect_json '.children_lost >= 2' true
expect_json '.inexact' '[]'
expect_status 0 "$TARE" run -- bash -c 'mv "$TARE_STORE" "$TARE_STORE.gone"; (exit 0); (exit 0); mv "$TARE_STORE.gone" "$TARE_STORE"'
expect_text "$work/err" "forked children could not be recorded"

# A summary stays short; the JSON has them all.
many='for i in $(seq 50); do "$1" spawn "$2" >/dev/null; done'
expect_status 0 "$TARE" run --json -- sh -c "$many" sh "$programs/forks" "$programs/known"
expect_json "[.processes[] | select(.command[0] == \"child of spawn\") | $statistics == $known] | [length, all]" '[50,true]'
expect_status 0 "$TARE" run -- sh -c "$many" sh "$programs/forks" "$programs/known"
expect_text "$work/err" "more, which are in the JSON"
[ "$(sed -n '/other processes/,$p' "$work/err" | wc -l)" -lt 60 ] || fail "a long list of children"
[ "$(wc -l <"$work/err")" -lt 300 ] || fail "a long summary"
