#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# On a terminal there is a bar while it runs, and none is left; elsewhere there is none.
# shellcheck source=lib.sh
. "$SOURCE_DIR/tests/oom/lib.sh"
command -v script >/dev/null || skip "no script(1)"
sweep=("$TARE" oom --mode forever --timeout 1 -- "$programs/oom_retries")
expect_status 1 "${sweep[@]}"
[ ! -s "$work/err" ] || fail "something on stderr"
script -qec "$(printf '%q ' "${sweep[@]}")" "$work/seen" >/dev/null 2>&1 </dev/null
expect_text "$work/seen" "[..............................] 0 of 1 runs, 0 failed"
tr '\r' '\n' <"$work/seen" | grep -q "points failed" || fail "no summary"
