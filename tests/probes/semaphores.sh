#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Semaphores rise when somebody listens, also to a program that runs already, and
# return to 0 when nobody does any more; in children of fork too, made while
# somebody listens or before.
# shellcheck source=lib.sh
. "$SOURCE_DIR/tests/probes/lib.sh"
needs perf
needs_uprobes
program=$programs/probes_semaphores
add_probes "$program" tare:alloc tare:free

coproc PROGRAM { exec "$program"; }
pid=$PROGRAM_PID
ask() { echo "$1" >&"${PROGRAM[1]}" && read -r answer <&"${PROGRAM[0]}"; }
# await ANSWER: listeners come and go when perf is ready.
await() {
    local tries
    for ((tries = 0; tries < 200; tries++)); do
        ask s
        [ "$answer" != "$1" ] || return 0
        sleep 0.05
    done
    fail "it says $answer instead of $1"
}
# listen NAME EVENTS...: it listens once what it runs does; which nobody else would end.
listen() {
    perf record -q -a -o "$work/$1" "${@:2}" -- sh -c "echo >'$work/$1.ready'; exec sleep 60" 2>/dev/null &
    listener=$!
    until [ -s "$work/$1.ready" ]; do sleep 0.05; done
}
leave() {
    kill -INT "$1"
    wait "$1" || true
}

ask s
[ "$answer" = "0 0" ] || fail "somebody listens before anybody does: $answer"
listen first -e sdt_tare:alloc
first=$listener
await "1 0"
listen second -e sdt_tare:alloc -e sdt_tare:free
second=$listener
await "2 0" # one for each probe: the kernel counts all that listen by perf as one
ask f       # made while two listen
await "2 2"
ask m
leave "$second"
await "1 1"
ask m
leave "$first"
await "0 0"
ask m
listen third -e sdt_tare:free
third=$listener
await "1 1" # the child was there before
ask m
leave "$third"
await "0 0"
eval "exec ${PROGRAM[1]}>&-"
wait "$pid" || fail "the program failed"

count() { perf script -i "$work/$1" -F event,trace 2>/dev/null | grep -c "sdt_tare:$2: .* arg2=123 " || true; }
expect_count() { [ "$(count "$1" "$2")" = "$3" ] || fail "$1: $(count "$1" "$2") of $2 instead of $3"; }
expect_count first alloc 4
expect_count second alloc 2
expect_count second free 2
expect_count third free 2
