# SPDX-License-Identifier: MIT
# Pitfall 41: results and errno of the whole family are those of a run without tare.
set -eu
program=$BUILD_DIR/tests/pitfalls/family_results
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$program" >"$work/without" 2>"$work/without.where"
LD_PRELOAD=$LIBTARE "$program" >"$work/with" 2>"$work/with.where"
grep -q libtare "$work/with.where"
if grep -q libtare "$work/without.where"; then
    exit 1
fi
test "$(wc -l <"$work/without")" -gt 500
diff "$work/without" "$work/with" | head -20
cmp "$work/without" "$work/with"
