#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# docs/format.md says of each field where it lies: as the compiler does (LAYOUT is layout.c, built).
set -euo pipefail
page=$SOURCE_DIR/docs/format.md
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# A row of a table is "| offset | bytes | field | ...", below a comment with the table's name.
awk -F ' *[|] *' '
    /^<!-- .* -->$/ { table = substr($0, 6, length($0) - 9); next }
    !/^[|]/ { if (seen) table = ""; seen = 0; next }
    { seen = 1 }
    table == "" || $2 !~ /^[0-9]+$/ { next }
    table == "inexact" { if ($2 != bits++) exit 1; inexact = inexact " " $3; next }
    { print table, $4, $2, $3 }
    END { print "inexact" inexact }' "$page" >"$scratch/page"
"$LAYOUT" >"$scratch/layout"
diff -u --label docs/format.md "$scratch/page" --label src/layout <(grep -vE '^(version|slots at) ' "$scratch/layout")

says() {
    grep -qF "$1" "$page" || { echo "docs/format.md does not say: $1"; exit 1; }
}
says "in version $(sed -n 's/^version //p' "$scratch/layout") of the format"
says "| 8 | 4 | version | u32 | $(sed -n 's/^version //p' "$scratch/layout") |"
says "\`slot_bytes\` each | $(sed -n 's/^slots at //p' "$scratch/layout") |"
magic=$(sed -n 's/.*TARE__STORE_MAGIC 0x\([0-9a-f]*\)ull.*/\1/p' "$SOURCE_DIR/src/layout/store.h" |
    fold -w2 | tac | paste -sd' ')
says "\`$magic\`"
