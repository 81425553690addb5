#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# tare trace: figures, the program's end, and that nothing is left in the kernel.
# shellcheck source=lib.sh
. "$SOURCE_DIR/tests/probes/lib.sh"
needs perf
needs_uprobes
cd "$work"
export TMPDIR=$work/tmp
mkdir "$TMPDIR"

expect_status() { # STATUS COMMAND...: with what it says on standard error in err
    local wanted=$1 status=0
    shift
    "$@" 2>err || status=$?
    [ $status = "$wanted" ] || { cat err >&2; fail "$* ended with $status instead of $wanted"; }
}
nothing_left() {
    ! grep -q ':trace_[0-9]*_' "$tracing/uprobe_events" || fail "events are left: $(cat "$tracing/uprobe_events")"
    [ -z "$(ls -A "$TMPDIR")" ] || fail "files are left: $(ls "$TMPDIR")"
}
sum() { awk '{ sum += $NF } END { print sum + 0 }' "$1"; }
expect_sum() { [ "$(sum "$1")" = "$2" ] || { cat "$1" err >&2; fail "$1 holds $(sum "$1") instead of $2"; }; }

# A program that nobody changed, and its exit status.
expect_status 5 "$TARE" trace -- "$programs/probes_traced" 5
grep -qx 'tare: trace: 1001 events of tare:alloc, 100064 bytes: probes_traced.folded, probes_traced.svg' err || fail "it says $(cat err)"
expect_sum probes_traced.folded 100064
grep -qE '(^|;)main;outer;inner 100000$' probes_traced.folded || { cat probes_traced.folded >&2; fail "another stack"; }
grep -qE '(^|;)main;grower 64$' probes_traced.folded || { cat probes_traced.folded >&2; fail "another stack"; }
grep -q '<svg' probes_traced.svg
! grep -q tare__ probes_traced.svg || fail "tare's own functions in the picture"
nothing_left
expect_status 0 "$TARE" trace --probe tare:free -o freed "$programs/probes_traced" 0
expect_sum freed.folded 99000
expect_status 137 "$TARE" trace -o killed "$programs/probes_traced" kill
expect_sum killed.folded 100064
nothing_left

# One that is linked with tare has the probes itself.
expect_status 0 "$TARE" trace --scopes -o scopes --keep kept.data "$programs/probes_traced_static"
expect_sum scopes.folded 100064
[ -s kept.data ] || fail "perf.data is not kept"
expect_status 0 "$TARE" trace --scopes --probe LockedAllocator:alloc_locked -o none "$programs/probes_traced_static"
expect_sum none.folded 0
grep -q '<svg' none.svg || fail "no picture that says so"

# The last step alone.
perf script -i kept.data 2>/dev/null | "$TARE" convert --from perf --format svg >by_hand.svg
grep -q '<svg' by_hand.svg

# Two at once.
"$TARE" trace -o one "$programs/probes_traced" 2>one.err &
first=$!
expect_status 0 "$TARE" trace -o two "$programs/probes_traced"
wait "$first" || { cat one.err >&2; fail "one of two"; }
expect_sum one.folded 100064
expect_sum two.folded 100064

# What perf loses is said, in the picture too. A perf that has next to no room.
mkdir bin
# shellcheck disable=SC2016 # it is that script's
printf '#!/bin/bash\nexec %s "${@/#64M/1}"\n' "$(command -v perf)" >bin/perf
chmod +x bin/perf
PATH=$work/bin:$PATH expect_status 0 "$TARE" trace -o lossy "$programs/probes_traced"
lost=$(sed -n 's/^tare: trace: up to \([0-9]*\) events lost.*/\1/p' err)
seen=$(sed -n 's/^tare: trace: \([0-9]*\) events of.*/\1/p' err)
if [ "$seen" -ge 1001 ] || [ $((${lost:-0} + seen)) -lt 1001 ] || [ $((lost + seen)) -gt 1200 ]; then # and some mappings
    cat err >&2
    fail "$lost lost and $seen seen are not 1001"
fi
grep -q "up to $lost EVENTS LOST" lossy.svg || fail "the picture does not say that events were lost"

# Interrupted from the terminal: all of its group get the signal. And killed politely.
for signal in INT TERM; do
    rm -f waits.*
    setsid "$TARE" trace -o waits "$programs/probes_traced" wait 2>err & # a group of its own
    tracer=$!
    for ((tries = 0; tries < 100; tries++)); do
        ! pgrep -g "$tracer" -x probes_traced >/dev/null || break
        sleep 0.1
    done
    [ $tries -lt 100 ] || fail "the program never ran"
    sleep 0.5
    if [ $signal = INT ]; then kill -INT -- "-$tracer"; else kill -TERM "$tracer"; fi
    wait "$tracer" || true
    [ -s waits.folded ] || { cat err >&2; fail "no result after SIG$signal"; }
    nothing_left
done

# What can't be done, and what stands in for it.
expect_status 2 "$TARE" trace --probe tare:aloc "$programs/probes_traced"
grep -q "there is no probe 'tare:aloc'" err
expect_status 2 "$TARE" trace --probe alloc "$programs/probes_traced"
expect_status 2 "$TARE" trace --stack 70000 "$programs/probes_traced"
expect_status 2 "$TARE" trace
expect_status 3 "$TARE" trace ./nothing-there
expect_status 3 "$TARE" trace -o /nowhere/x "$programs/probes_traced"
grep -q "can't write /nowhere/x.folded" err
PATH=$work/nothing expect_status 3 "$TARE" trace "$programs/probes_traced"
grep -q "no perf" err
grep -q "tare run --flamegraph" err
if command -v setpriv >/dev/null; then
    cp "$TARE" "$programs/probes_traced" "$TMPDIR"
    chmod 755 "$work" "$TMPDIR"
    expect_status 3 setpriv --reuid=65534 --clear-groups "$TMPDIR/tare" trace "$TMPDIR/probes_traced"
    grep -q "for root" err
    grep -q "tare run --flamegraph" err
    rm "$TMPDIR"/*
fi
nothing_left
