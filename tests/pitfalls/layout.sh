#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Pitfall 44: with tare the allocator hands out the very blocks that it would without, and their
# usable sizes are passed through. Where address randomization can be turned off the addresses
# themselves are compared, else the distances from the first block.
source "$(dirname "$0")/build.sh"

how=(env)
if setarch -R true 2>/dev/null; then
    how=(setarch -R env)
    what=absolute
else
    what=relative
fi
mkdir "$scratch/store"
"${how[@]}" "$PROGRAM" "$what" >"$scratch/without" || fail "without tare"
"${how[@]}" LD_PRELOAD="$LIBTARE" "$PROGRAM" "$what" >"$scratch/with" || fail "with tare"
"${how[@]}" LD_PRELOAD="$LIBTARE" TARE_STORE="$scratch/store" "$PROGRAM" "$what" >"$scratch/recorded" || fail "recorded"
[[ -s $scratch/without ]] || fail "no output"
diff "$scratch/without" "$scratch/with" | head -5 || true
diff "$scratch/without" "$scratch/recorded" | head -5 || true
cmp "$scratch/without" "$scratch/with"
cmp "$scratch/without" "$scratch/recorded"
[[ -n $(ls "$scratch/store") ]] || fail "tare was not there"
echo "$(wc -l <"$scratch/without") blocks, $what addresses: the same"
