#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Pitfall 48: malloc may be called while a lazily bound call still holds its arguments in vector
# registers. No function that runs inside malloc touches one: neither the hot side nor what it asks
# of the system. OBJECTS is what both are made of.
source "$(dirname "$0")/build.sh"
need objdump binutils
need gcc gcc
[[ $(uname -m) == x86_64 ]] || skip "the registers' names are those of an x86-64 processor"

# vector_registers <object>: each instruction that names a vector, mask or floating-point register.
vector_registers() {
    objdump -d --no-show-raw-insn "$1" | grep -E '%([xyz]mm[0-9]+|mm[0-7]|st\b|k[0-7])'
}

# The detector detects: gcc clears a struct of 16 bytes by a vector register.
cat >"$scratch/vector.c" <<'EOF'
struct pair { long a, b; };
void use(struct pair *pair);
void clear(void) { struct pair pair = {0, 0}; use(&pair); }
EOF
gcc -O2 -c "$scratch/vector.c" -o "$scratch/vector.o"
vector_registers "$scratch/vector.o" >/dev/null || fail "a vector register goes unnoticed"

objects=0
for object in $OBJECTS; do
    objects=$((objects + 1))
    if vector_registers "$object" >"$scratch/found"; then
        fail "$object: $(head -5 "$scratch/found")"
    fi
done
((objects > 10)) || fail "only $objects objects were looked at"
echo "$objects objects, no vector register"
