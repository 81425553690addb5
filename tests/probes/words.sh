#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The commands of docs/probes.md, word for word, on a test that is linked statically.
# shellcheck source=lib.sh
. "$SOURCE_DIR/tests/probes/lib.sh"
needs perf
needs_uprobes
cleanups+=("perf probe -q -d 'sdt_LockedAllocator:*' 2>/dev/null || true")
cp "$programs/probes_known_static" "$work/tests"
cd "$work"

perf probe -x ./tests --add sdt_LockedAllocator:alloc_locked 2>err || { cat err >&2; fail "perf probe"; }
perf record -a -e sdt_LockedAllocator:alloc_locked -g --call-graph dwarf -- ./tests >expected 2>err || { cat err >&2; fail "perf record"; }
# shellcheck disable=SC2094 # it reads perf.data
perf script >script 2>err || { cat err >&2; fail "perf script"; }

grep '^LockedAllocator:alloc_locked ' expected | cut -d ' ' -f 2,3 >locked
[ "$(wc -l <locked)" = 16 ] || fail "the program says it did something else"
sed -n 's/.*sdt_LockedAllocator:alloc_locked: .* arg1=\([0-9]*\) arg2=\([0-9]*\)$/\1 \2/p' script | diff -u locked - >&2 || fail "other events"
[ "$(grep -c ' every_call+' script)" = 16 ] || fail "stacks without the function that allocates"
