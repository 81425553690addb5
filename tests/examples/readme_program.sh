#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# examples/readme.c measures exactly, and its second expectation alone fails.
set -euo pipefail
output=$("$BUILD_DIR/examples/readme")
echo "$output"
[[ $(grep -c 'expectation failed' <<<"$output") == 1 ]]
grep -q '^allocations         1$' <<<"$output"
grep -q '^reallocations       3$' <<<"$output"
grep -q '^! leaked_bytes        exactly 0                     15$' <<<"$output"
