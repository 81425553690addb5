#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# programs.sh NAME: a program of Debian's, with a small input, of which an even sample is run. Those that test this
# themselves come out clean; nothing is ever lost, and what is found is found by a replay, too.
# shellcheck source=lib.sh
. "$SOURCE_DIR/tests/oom/lib.sh"
printf '{"a": [1, 2.5, "three", null, true], "b": {"c": "d"}}\n' >"$work/in.json"
printf '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e "text">]><a b="c"><d>&e;</d><!-- f --></a>\n' >"$work/in.xml"

declare -A command=(
    [lua]="lua5.4 -e t={};for|i=1,20|do|t[i]=tostring(i)|end;print(table.concat(t,','))"
    [sqlite]="sqlite3 :memory: create|table|t(a,b);insert|into|t|values(1,'x'),(2,'y');select|*|from|t|order|by|b|desc;"
    [jq]="jq . $work/in.json"
    [xz]="xz -0 -k -c $work/in.json"
    [xmlwf]="xmlwf $work/in.xml"
)
words=()
for word in ${command[$1]}; do
    words+=("${word//|/ }")
done
command -v "${words[0]}" >/dev/null || skip "no ${words[0]}"

options=()
[ "$1" != jq ] || options=(--may-abort) # its way to give up
"$TARE" oom --json --limit 60 "${options[@]}" -- "${words[@]}" >"$work/out" 2>"$work/err"
status=$?
expect_of ".verdicts[\"not reached\"]" 0
expect_of "[.results[].runs[]] | length" "$(($(of .points_run) * 2))"
case $1 in
lua | sqlite) expect_equal $status 0 "exit status" ;;
*) [ "$status" -le 1 ] || fail "exit status $status" ;;
esac
if [ $status -eq 1 ]; then
    replay=$(of '[.results[].runs[] | select(.verdict != "passed")][0].replay')
    eval "'$TARE'${replay#tare}" >"$work/again" 2>&1
    [ $? -eq 1 ] || fail "does not fail again: $replay"
fi
