#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Pitfall 18: gives late_load more copies of the filler than static TLS can hold.
source "$(dirname "$0")/build.sh"
fillers=()
for i in $(seq 100); do
    cp "$FILLER" "$scratch/filler$i.so"
    fillers+=("$scratch/filler$i.so")
done
"$PROGRAM" "$LIBTARE" "$HEAVY" "${fillers[@]}"
