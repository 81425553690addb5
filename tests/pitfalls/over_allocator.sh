#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Pitfall 46: runs PROGRAM with tare before the allocator whose library is FILE (package PACKAGE),
# as it is and as a recorded run, and makes sure that this allocator did the work.
source "$(dirname "$0")/build.sh"
need gcc gcc

library=$(gcc -print-file-name="$FILE")
[[ -e $library ]] || skip "$FILE is missing (package $PACKAGE)"
LD_PRELOAD="$LIBTARE $library" "$PROGRAM" || fail "over $library: status $?"
mkdir "$scratch/store"
TARE_STORE=$scratch/store LD_PRELOAD="$LIBTARE $library" "$PROGRAM" || fail "recorded over $library: status $?"
"$READ_STORE" "$scratch/store" >"$scratch/figures"
for line in "allocator $FILE" "inexact 0" "unknown_blocks 0" "lost_blocks 0" "reentered_calls 0" "failed_allocations 0"; do
    grep -qxF "$line" "$scratch/figures" || fail "expected '$line' in:
$(cat "$scratch/figures")"
done
