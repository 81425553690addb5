#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# examples/arena.c shows the figures of malloc for an arena that is wrapped, and none for one that is not.
set -euo pipefail
output=$("$BUILD_DIR/examples/arena")
echo "$output"
[[ $output == "malloc              8 allocations,  98 bytes at most, 0 leaked
arena               0 allocations,   0 bytes at most, 0 leaked
arena, wrapped      8 allocations,  98 bytes at most, 0 leaked" ]]
