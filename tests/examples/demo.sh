#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# scripts/demo runs to its end and shows figures of all three programs.
set -euo pipefail
[[ -x $TARE ]] || { echo "skipped: the tare command is not built"; exit 77; }
output=$("$SOURCE_DIR/scripts/demo" "$BUILD_DIR" 2>&1) || { echo "$output"; exit 1; }
echo "$output"
[[ $(grep -cE '\ballocations\b' <<<"$output") -ge 3 ]]
grep -q '"tag":"t0"' <<<"$output"
grep -q '^0|400|' <<<"$output"
