#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# tare top: once, and in a real terminal: tmux, of a server of its own.
# shellcheck source=lib.sh
. "$SOURCE_DIR/tests/cli/lib.sh"

finish()
{
    [ -z "${screen-}" ] || tmux -S "$screen" kill-server 2>/dev/null
    touch "$work/stop" 2>/dev/null
    wait
    rm -rf "$work"
}
trap finish EXIT

# start: $runner is `tare run`, $program what it runs.
start()
{
    rm -f "$work/stop"
    "$TARE" run --no-save -o "$work/summary" -- "$programs/grows" "$work/stop" 2>/dev/null &
    runner=$! program=
    for _ in $(seq 200); do
        program=$(cat "/proc/$runner/task/$runner/children" 2>/dev/null)
        program=${program%% *}
        [ -n "$program" ] && grep -q '\.tare$' "/proc/$program/maps" 2>/dev/null && return
        sleep 0.05
    done
    fail "the program did not start"
}

# Once: by the program, by the runner, by the record.
start
expect_once()
{
    "$TARE" top --once "$@" >"$work/out" 2>"$work/err" || fail "top --once $*"
    expect_text "$work/out" "(pid $program), running"
    expect_text "$work/out" "leak_some < main"
}
sleep 0.1
expect_once "$program"
expect_once "$runner"
expect_once "$(sed -n 's/.* \(\/.*\.tare\)$/\1/p' "/proc/$program/maps" | head -n1)"
expect_once "$program" --metric leak
expect_text "$work/out" "leaked: 1 site"
awk '/^allocations/ { exit !($2 == $(NF - 1)) }' "$work/out" || fail "not as many live as allocated"
"$TARE" top "$program" >"$work/out" 2>"$work/err"
expect_equal $? 2 "the status without a terminal"
expect_text "$work/err" "standard output is no terminal; --once prints once"
touch "$work/stop"
wait "$runner"
expect_equal $? 7 "the program's status"

expect_status 3 "$TARE" top --once $$
expect_text "$work/err" "process $$: it is not recorded: only what 'tare run' started is"
expect_status 3 "$TARE" top --once "$program"
expect_text "$work/err" "process $program: there is no such process"
expect_status 3 "$TARE" top --once no-such-record
expect_text "$work/err" "can't read no-such-record: No such file or directory"
expect_status 2 "$TARE" top
expect_text "$work/err" "which process or record?"
for seconds in 0 -1 x 1e9 nan ''; do
    expect_status 2 "$TARE" top --once --interval "$seconds" 1
    expect_text "$work/err" "--interval: seconds from 0.05 up to 3600 are expected, not '$seconds'"
done
expect_status 0 "$TARE" run --save record -- "$programs/sites"
expect_status 0 "$TARE" top --once record --metric count
expect_text "$work/out" ", ended"
expect_text "$work/out" "                50   80.6 %  churn < main"

# The live view.
command -v tmux >/dev/null || skip "no tmux"
screen=$work/tmux
in_tmux() { tmux -S "$screen" -f /dev/null "$@"; }
shows()
{
    for _ in $(seq 200); do
        in_tmux capture-pane -p >"$work/out"
        grep -qF -- "$1" "$work/out" && return
        sleep 0.05
    done
    fail "the screen does not show: $1"
}
start
in_tmux new-session -d -x 80 -y 16 "PS1='prompt> ' sh" || fail "tmux"
shows "prompt>"
in_tmux send-keys "stty -g >before; clear" Enter
in_tmux send-keys "'$TARE' top -i 0.1 $program" Enter
shows "(pid $program), running"
shows "leak_some < main"
shows "most bytes allocated: 1 site"
shows "q quit"
expect_equal "$(wc -l <"$work/out")" 16 "lines of the screen"
[ "$(awk '{ if (length > most) most = length } END { print most }' "$work/out")" -le 80 ] || fail "a line is too long"
first=$(awk '/^allocations/ { gsub(",", "", $2); print $2 }' "$work/out")
sleep 0.5
in_tmux capture-pane -p >"$work/out"
[ "$(awk '/^allocations/ { gsub(",", "", $2); print $2 }' "$work/out")" -gt "$first" ] || fail "nothing moves"
grep -q '/s ' "$work/out" || fail "no rate"
in_tmux send-keys l
shows "leaked: 1 site"
in_tmux send-keys m
shows "most temporary allocations: 0 sites"
in_tmux send-keys b
in_tmux resize-window -x 60 -y 10
shows "leak_some < main"
sleep 0.3
in_tmux capture-pane -p >"$work/out"
expect_equal "$(wc -l <"$work/out")" 10 "lines of the smaller screen"

# Stopped and continued by the shell.
in_tmux send-keys C-z
shows "prompt>"
expect_no_text "$work/out" "q quit"
in_tmux send-keys "fg" Enter
shows "q quit"

touch "$work/stop"
wait "$runner"
shows "(pid $program), ended"
in_tmux send-keys q
shows "prompt>"
in_tmux send-keys 'echo status $?; stty -g >after' Enter
shows "status 0"
expect_no_text "$work/out" "q quit"
for _ in $(seq 100); do [ -s after ] && break; sleep 0.05; done
expect_equal "$(cat after)" "$(cat before)" "the terminal's settings"

# However it ends, the terminal is as it was.
start
for signal in TERM HUP QUIT INT SEGV; do
    rm -f after
    in_tmux send-keys "clear" Enter
    in_tmux send-keys "sh -c 'echo \$\$ >top.pid; exec \"$TARE\" top $program'; stty -g >after" Enter
    shows "q quit"
    kill -s "$signal" "$(cat top.pid)"
    for _ in $(seq 100); do [ -s after ] && break; sleep 0.05; done
    expect_equal "$(cat after)" "$(cat before)" "the terminal's settings after SIG$signal"
    in_tmux capture-pane -p >"$work/out"
    expect_no_text "$work/out" "q quit"
    expect_equal "$(in_tmux display-message -p '#{cursor_flag}#{alternate_on}')" 10 "the cursor and the screen after SIG$signal"
done
touch "$work/stop"
