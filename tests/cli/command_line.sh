#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A report is valid whatever the arguments are.
# shellcheck source=lib.sh
. "$SOURCE_DIR/tests/cli/lib.sh"

odd=$'\xff"\\\n\x01\xc3\xa9\xed\xa0\x80'
expect_status 0 "$TARE" run --json -- "$programs/known" 0 "$odd" '' last
iconv -f UTF-8 -t UTF-8 "$work/err" >/dev/null || fail "the report is not UTF-8"
expect_json '.command[1:]' '["0","�\"\\\n\u0001é���","","last"]'
expect_json .command_cut false

# Control characters do not reach the terminal.
expect_status 0 "$TARE" run -- "$programs/known" 0 $'\e[31m' "two words"
! grep -q $'\e' "$work/err" || fail "an escape character in the summary"
expect_text "$work/err" "'two words'"

# What it shows can be pasted into a shell.
# shellcheck disable=SC2016 # the characters themselves
arguments=("it's" 'a|b' '$HOME' '*' plain-1.2/x)
expect_status 0 "$TARE" run -- "$programs/known" 0 "${arguments[@]}"
shown=()
eval "shown=($(sed -n 's/^tare: \(.*\) (pid .*/\1/p' "$work/err"))"
[ "${shown[*]:2}" = "${arguments[*]}" ] || fail "shown as ${shown[*]}"
expect_text "$work/err" " plain-1.2/x (pid"

expect_status 0 "$TARE" run --json -- "$programs/known" 0 "$(printf '%02000d' 0)"
expect_json '[.command_cut, (.command | length)]' '[true,2]'
expect_status 0 "$TARE" run -- "$programs/known" 0 "$(printf '%02000d' 0)"
expect_text "$work/err" "known 0... (pid"

# What stands behind the program is the program's, also what looks like an option.
expect_status 0 "$TARE" run --json "$programs/known" --json
expect_json '.command[1]' '"--json"'

# Found in PATH, as execvp does.
PATH=$programs:$PATH expect_status 7 "$TARE" run --json known 7
expect_json '[.command[0], .allocations]' '["known",5]'
printf '#!/bin/sh\nexit 3\n' >"$work/script"
chmod +x "$work/script"
expect_status 3 "$TARE" run --json "$work/script"
expect_json .exit_status 3
