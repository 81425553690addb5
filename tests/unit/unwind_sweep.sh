#!/bin/bash
# SPDX-License-Identifier: MIT
# Every row of the unwind tables of large programs and libraries: our rule is what
# readelf says. $1: the program that compares.
set -euo pipefail

# Address, CFA, fp, pc of each row; a register that a table leaves out is as it was.
# readelf complains of what has nothing to do with it.
rows() {
    { LC_ALL=C readelf --wide --debug-dump=frames-interp "$1" 2>/dev/null || true; } | awk '
        / CIE / { in_cie = 1 }
        / FDE / { in_cie = 0 }
        / LOC / { fp = pc = 0; for (i = 3; i <= NF; i++) { if ($i == "rbp") fp = i; if ($i == "ra") pc = i } }
        { gsub(/ \([a-z0-9]+\)/, "") } # r10 (r10): a register is kept in another
        !in_cie && pc && length($1) == 16 && $2 ~ /^[re]/ { print $1, $2, fp ? $fp : "u", $pc }'
}

[ "$(uname -m)" = x86_64 ] || { echo "skipped: rows are compared on x86-64 alone" >&2; exit 77; }
files=("$LIBTARE" "$TARE")
for name in libc.so.6 libm.so.6 libstdc++.so.6 ld-linux-x86-64.so.2; do
    files+=("$(gcc -print-file-name="$name")")
done
files+=("$(command -v bash)" "$(command -v cmake)")
for file in "${files[@]}"; do
    rows "$file" | "$1" "$(realpath "$file")"
done
