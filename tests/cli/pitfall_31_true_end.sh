#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Leaks are those of the true end: globals of C++ libraries are destroyed after
# any destructor of ours, and what they free is no leak.
# shellcheck source=lib.sh
. "$SOURCE_DIR/tests/cli/lib.sh"

expect_status 0 "$TARE" run --json -- "$programs/uses_globals"
expect_json '[.leaked_allocations, .leaked_bytes, .inexact]' '[0,0,[]]'
expect_json '.allocations - .deallocations == .runtime_blocks' true
expect_json '.bytes_allocated - .bytes_deallocated == .runtime_bytes' true
# 100 nodes of the map with a long string each, 2 names in a vector, 100 ints
# (and the strings of the list they were made from): more than 200 blocks.
expect_json '.allocations > 200' true
expect_status 0 "$TARE" run --expect leaked_bytes==0 -- "$programs/uses_globals"

# A leak from before main is one, though the runtime's own pool is none.
expect_status 1 "$TARE" run --json --expect leaked_bytes==0 -- "$programs/uses_leaking_globals"
expect_json '[.leaked_allocations, .leaked_bytes, .inexact]' '[1,40,[]]'
