#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The commands that a failing sweep's message gives do what it says: the one runs the very point again, the other stops
# there in gdb. A replay of what is not there is an error.
set -u
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory" || exit 1

fail() {
    echo "replay.sh: $*" >&2
    exit 1
}

# shown <label> <message>: the first of those commands
shown() {
    sed -n "s/^    $1: //p" "$2" | head -n 1
}

expect() { # expect <file> <pattern...>
    local file=$1
    shift
    for pattern in "$@"; do
        grep -q -- "$pattern" "$file" || { cat "$file" >&2; fail "no \"$pattern\" in $file"; }
    done
}

"$PROGRAM" "it crashes" >out 2>message && fail "a sweep that finds a crash does not fail"
expect message 'replayed.c:[0-9]*: in main: fault sweep failed: it crashes' 'crashed by SIGSEGV' 'repeat at .*replayed.c:'

# A crash is a crash, of the process itself, at the point.
bash -c "$(shown replay message)" >out 2>again
[ $? -eq 139 ] || { cat again >&2; fail "the replay of a crash does not crash"; }

"$PROGRAM" "it leaks" >out 2>message && fail "a sweep that finds a leak does not fail"
expect message 'leaked 4 bytes in 1 block' 'join at '
bash -c "$(shown replay message)" >out 2>again
[ $? -eq 134 ] || fail "the replay of a leak does not fail"
expect again 'fault sweep failed: it leaks' '1 run: 1 leaked' 'leaked 4 bytes in 1 block'

"$PROGRAM" "it's wrong" >out 2>message && fail "a wrong success does not fail"
expect message 'wrong success: join(0) == 0 || 1 at '
bash -c "$(shown replay message)" >out 2>again && fail "the replay of a wrong success does not fail"
expect again '1 run: 1 wrong success'

# A point that passes, by its id.
place=$(sed -n 's/.*TARE_FAULT_REPLAY=\([^ ]*:[0-9]*\):.*/\1/p' message | head -n 1)
"$PROGRAM" "it leaks" 2>message
id=$(sed -n '/^passed/,$s/^  \([0-9a-f]\{16\}\)  .*/\1/p' message | head -n 1)
TARE_FAULT_REPLAY=$place:$id:forever "$PROGRAM" "it leaks" >out 2>again || { cat again >&2; fail "a passing point fails"; }
expect out 'came to the end'
[ ! -s again ] || fail "a passing point says something"

# What is not there.
for bad in "$place:0123456789abcdef:once" "$place:$id:twice" "$place:nonsense"; do
    TARE_FAULT_REPLAY=$bad "$PROGRAM" "it leaks" >out 2>again && fail "$bad is no error"
    expect again 'the sweep has no such point'
done
# One for another place replays nothing here.
TARE_FAULT_REPLAY=elsewhere.c:1:$id:once "$PROGRAM" "it leaks" >out 2>again && fail "a sweep is left out"
expect again 'fault sweep failed: it leaks'

# In gdb it stops in tare_fault_here, called by the allocation of repeat().
"$PROGRAM" "it crashes" 2>message
gdb_command=$(shown 'in gdb' message)
[ -n "$gdb_command" ] || fail "no command for gdb"
type -P gdb >/dev/null || { echo "skipped: there is no gdb" >&2; exit 77; }
bash -c "${gdb_command/ -ex run / -ex run -ex backtrace -ex \'kill\' }" </dev/null >stopped 2>&1
expect stopped 'Breakpoint 1, ' 'tare_fault_here' 'in repeat ('
