#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Pitfall 4: a calloc that is malloc and memset may be folded into a call of itself. No function of
# ours calls itself, nor one of the family by its public name, which may be another's: the real ones
# are reached through pointers. The canary does, and the allocator that stands for malloc: they stand
# for the program.
source "$(dirname "$0")/build.sh"
need objdump binutils
need gcc gcc

mapfile -t hooks < <(sed -n 's/^TARE_HOOK([^,]*, \([a-z_]*\),.*/\1/p' "$SOURCE_DIR/src/capture/hooks.def")
((${#hooks[@]} >= 14)) || fail "only ${#hooks[@]} hooks in hooks.def"
alternatives=$(IFS='|' && echo "${hooks[*]}")

# calls <file>: each call of (or jump to) a hook by its public name or by itself, with the function it is in.
calls() {
    objdump -d --no-show-raw-insn "$1" >"$scratch/dump"
    awk -v family="^<($alternatives)@plt>\$" -v hook="^<($alternatives)>\$" '
        /^[0-9a-f]+ <.*>:$/ { inside = substr($2, 1, length($2) - 1) }
        $2 ~ /^(call|j[a-z]+)$/ && ($NF ~ family || ($NF == inside && inside ~ hook)) { print inside, $0 }' "$scratch/dump"
}

# The detector detects.
cat >"$scratch/folded.c" <<'EOF'
#include <string.h>
void *malloc(size_t size);
void *calloc(size_t count, size_t size)
{
    void *block = malloc(count * size);
    if (block != NULL)
        memset(block, 0, count * size);
    return block;
}
EOF
gcc -O2 -fPIC -shared -fbuiltin "$scratch/folded.c" -o "$scratch/folded.so"
calls "$scratch/folded.so" >"$scratch/found"
grep -q '^<calloc>' "$scratch/found" || fail "a calloc that calls a hook goes unnoticed"

calls "$LIBTARE" >"$scratch/found"
# Those two; and in libgcc's unwinder the registry of frames, where nobody registers any with this copy.
expected='^<(tare__canary(\.[a-z.0-9]*)?|by_(malloc|realloc|free)|search_object|__(de)?register_frame[a-z_]*)>'
found=$(grep -vE "$expected" "$scratch/found" || true)
[[ -z $found ]] || fail "calls of the family by name:
$found"
for hook in "${hooks[@]}"; do
    grep -q "^[0-9a-f]* <$hook>:" "$scratch/dump" || fail "$hook is not in $LIBTARE"
done
echo "${#hooks[@]} functions, none called by name"
