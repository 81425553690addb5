#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs PROGRAM (linked without tare) as a recorded run, with PRELOAD behind tare, and compares what
# was recorded from the first instruction to the last with EXPECTED, "name value, name value ...".
source "$(dirname "$0")/build.sh"

mkdir "$scratch/store"
# shellcheck disable=SC2086 # a list
TARE_STORE=$scratch/store LD_PRELOAD="$LIBTARE ${PRELOAD:-}" $PROGRAM || fail "$PROGRAM: status $?"
"$READ_STORE" "$scratch/store" >"$scratch/figures"
while IFS= read -r line; do
    [[ -z $line ]] || grep -qxF "$line" "$scratch/figures" || fail "expected '$line' in:
$(cat "$scratch/figures")"
done < <(tr ',' '\n' <<<"$EXPECTED" | sed 's/^ *//')
