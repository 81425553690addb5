#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Pitfalls 17 and 18: a TLS variable found by the loader's allocating machinery would recurse into
# malloc, and a large one would not fit when tare is loaded late. There is one, of 8 bytes, at a fixed
# offset from the thread pointer.
source "$(dirname "$0")/build.sh"
need readelf binutils
need gcc gcc

dynamic_tls() {
    readelf -rW "$1" >"$scratch/relocations"
    grep -E 'DTPMOD|DTPOFF|TLSDESC' "$scratch/relocations"
}

# The detector detects.
echo '__thread int variable; int *address(void) { return &variable; }' >"$scratch/dynamic.c"
gcc -fPIC -shared "$scratch/dynamic.c" -o "$scratch/dynamic.so"
dynamic_tls "$scratch/dynamic.so" >/dev/null || fail "dynamic TLS goes unnoticed"

if dynamic_tls "$LIBTARE"; then
    fail "$LIBTARE has dynamic TLS"
fi
# Only tare__self, and no call of what finds dynamic TLS.
[[ $(grep -c 'TPOFF64' "$scratch/relocations") == 1 ]] || fail "more than one TLS variable, or none"
readelf -lW "$LIBTARE" >"$scratch/segments"
bytes=$(awk '$1 == "TLS" { print $6 }' "$scratch/segments")
((bytes == 8)) || fail "the TLS segment has '$bytes' bytes, expected 8"
readelf -Ws "$LIBTARE" >"$scratch/symbols"
if grep '__tls_get_addr' "$scratch/symbols"; then
    fail "$LIBTARE calls __tls_get_addr"
fi
