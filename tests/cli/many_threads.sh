#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A thousand threads at once are recorded to the digit; more than a record has
# room for are reported, and fail a gate.
# shellcheck source=lib.sh
. "$SOURCE_DIR/tests/cli/lib.sh"

expect_status 0 "$TARE" run --json -- "$programs/crowd" 1000
expect_json .inexact '[]'
expect_json '[.histogram[] | select(.low == 64) | .allocations >= 1000]' '[true]'
expect_json '.peak_bytes >= 1000 * 100' true

expect_status 0 "$TARE" run --json -- "$programs/crowd" 1100
expect_json .inexact '["NO_ROOM"]'
expect_status 1 "$TARE" run --expect 'allocations>=0' -- "$programs/crowd" 1100
expect_text "$work/err" "more threads at once than the record has room for"
