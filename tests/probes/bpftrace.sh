#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The scripts for bpftrace, each over a program whose sums are known.
# shellcheck source=lib.sh
. "$SOURCE_DIR/tests/probes/lib.sh"
needs bpftrace
needs_uprobes
program=$programs/probes_traced_static

# listen SCRIPT ARGUMENTS...
listen() {
    bpftrace -c "$program" "$SOURCE_DIR/share/bpftrace/$1.bt" "$program" "${@:2}" >"$work/out" 2>&1 || {
        cat "$work/out" >&2
        grep -qiE 'not permitted|not supported|BTF|CONFIG_' "$work/out" && skip "the kernel refuses bpftrace"
        fail "bpftrace $1.bt"
    }
}
# values MAP: what it holds, a value a line, without the call stacks, in order.
values() { sed -nE "/^@$1\[/,/^\]/ s/^\]: //p; s/^@$1: ([0-9]+)$/\1/p" "$work/out" | sort -n | paste -sd ' '; }
expect() { [ "$(values "$1")" = "$2" ] || { cat "$work/out" >&2; fail "@$1 holds $(values "$1") instead of $2"; }; }
# frames MAP: how many addresses its largest stack has.
frames() { sed -nE "/^@$1\[/,/^\]/p" "$work/out" | awk '/\[$/ { n = 0; next } /^\]/ { if (n > most) most = n; next } { n++ } END { print most }'; }

listen bytes_by_stack
expect bytes "64 100000"
expect blocks "1 1000"
expect grown_bytes 4032
expect total_bytes 100064
expect total_blocks 1001
expect total_grown_bytes 4032
[ "$(frames bytes)" -ge 4 ] || { cat "$work/out" >&2; fail "stacks without the program's functions"; }

listen sizes
expect total_blocks 1001
grep -qE '^\[64, 128\) +1001 ' "$work/out" || fail "another histogram"

listen live_by_stack
expect live_bytes "1000 4096"
expect live_blocks "1 10"

listen scope first
expect bytes 100000
expect total_blocks 1000
grep -qx 'first: 1000 allocations, 100000 bytes, peak 100000' "$work/out" || fail "the scope's figures"
listen scope second
expect bytes 64
expect total_blocks 1
listen scope third
expect total_blocks 0
