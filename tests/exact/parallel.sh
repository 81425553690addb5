#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# 300 process runs of three parallel tests that allocate nothing: no failure.
set -u
failures=0
for _ in $(seq 300); do
    "$PROGRAM" || failures=$((failures + 1))
done
echo "$failures failures in 300 runs"
[ "$failures" -eq 0 ]
