/* SPDX-License-Identifier: MIT */
/*
 * The block map: address of a live block -> its requested size and its birth.
 *
 * C's free() does not say how large a block was, and a header would change what
 * the allocator sees. So the size is kept outside: one slot of 4 bytes for each
 * granule of address space, in leaves that are mapped when first touched. With
 * glibc, whose chunks lie at least 32 bytes apart, a granule is 32 bytes, and
 * the map an eighth of a heap of small blocks; with others it is 16 bytes.
 * Words of 8 bytes over granules of 16 were no slower (1.30 of plain on 4,096
 * live blocks, these 1.29), but took twice the memory: jq's peak resident set
 * became 1.23 of plain with them, and is 1.11 so.
 *
 * Almost every block fits its first slot. A block that does not is either large,
 * and then covers further slots to write into, or it is born after half a
 * million others were in use at once.
 *
 *   inline    31 = 0 | 30..12 birth | 11..0 size + 1
 *   tiny      31 = 1 | 30 = 1 | 29..24 size + 1 | 23..0 birth
 *   extended  31 = 1 | 30 = 0 | 29..0 birth; slot 1 holds the size, or
 *             0xffffffff and then slots 2 and 3 do
 *
 * 0 is no block. No lock: who owns a block owns its slots. The program orders
 * the hand-over of a block between threads as it must anyway, and the allocator
 * that of an address from who freed it to who is given it next; because no tool
 * can see the latter, slots are read and written by relaxed atomic operations.
 */
#ifndef TARE__BLOCKMAP_H
#define TARE__BLOCKMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler.h"
#include "os.h"

#define TARE__MAP_LEAF_BITS 26 /* address bits that a leaf covers: 64 MiB */
#define TARE__MAP_ROOT_ENTRIES ((size_t)1 << (TARE__ADDRESS_BITS - TARE__MAP_LEAF_BITS))
#define TARE__MAP_WIDE_BITS 5 /* log2 of a granule */
#define TARE__MAP_NARROW_BITS 4

#define TARE__MAP_BIRTH_SHIFT 12
#define TARE__MAP_SIZE_INLINE 4094u /* the largest */
#define TARE__MAP_BIRTH_INLINE 0x7ffffu
#define TARE__MAP_BIRTH_TINY 0xffffffu
#define TARE__MAP_EXTENDED 0x80000000u

/* Who made a block: a set of scopes (birth.h), or one of these. */
enum {
    TARE__BIRTH_NONE = 0,    /* made while nobody measured */
    TARE__BIRTH_NESTED = 1,  /* made inside another call, by the allocator or by libc for tare: counted nowhere */
    TARE__BIRTH_RUNTIME = 2, /* a pool of the C++ runtime: counted, but never a leak */
    TARE__BIRTH_FIRST = 3    /* the first that stands for scopes */
};
#define TARE__BIRTH_MAX 0x3fffffffu

struct tare__block {
    uint64_t size;
    uint32_t birth;
    bool known;
};

/* For each leaf where the slot of address 0 would be, so that one shift leads
 * from a block to its slot; 0 for no leaf. */
extern uint32_t *tare__map_root[TARE__MAP_ROOT_ENTRIES] TARE__HIDDEN;

/* The first slot of a block, or NULL where nothing was remembered near it. */
TARE__INLINE uint32_t *tare__map_slot(const void *block, unsigned granule_bits)
{
    uintptr_t address = (uintptr_t)block;
    uintptr_t entry = address >> TARE__MAP_LEAF_BITS;
    if (TARE__UNLIKELY(entry >= TARE__MAP_ROOT_ENTRIES))
        return NULL;
    uint32_t *leaf = __atomic_load_n(&tare__map_root[entry], __ATOMIC_ACQUIRE);
    if (TARE__UNLIKELY(leaf == NULL))
        return NULL;
    return leaf + (address >> granule_bits);
}

/* Remembers a block; false where there was no memory to do so, or no room for
 * its birth. Any allocator. */
bool tare__map_put(const void *block, size_t size, uint32_t birth);

/* What is remembered of a block; and the same, forgetting it. */
struct tare__block tare__map_look(const void *block);
struct tare__block tare__map_take(const void *block);

/* The word of a block that fits one slot. */
TARE__INLINE uint32_t tare__map_inline(size_t size, uint32_t birth)
{
    return birth << TARE__MAP_BIRTH_SHIFT | (uint32_t)(size + 1);
}

/* tare__map_put for allocators whose blocks lie 32 bytes apart. */
TARE__INLINE bool tare__map_put_wide(const void *block, size_t size, uint32_t birth)
{
    uint32_t *slot = tare__map_slot(block, TARE__MAP_WIDE_BITS);
    if (TARE__UNLIKELY(slot == NULL || size > TARE__MAP_SIZE_INLINE || birth > TARE__MAP_BIRTH_INLINE))
        return tare__map_put(block, size, birth);
    TARE__STORE(*slot, tare__map_inline(size, birth));
    return true;
}

/* Whether a slot holds a block that is inline and of this birth, which must be
 * TARE__MAP_BIRTH_INLINE at most. For TARE__BIRTH_NONE an empty one passes too. */
TARE__INLINE bool tare__map_is_inline(uint32_t word, uint32_t birth)
{
    return word >> TARE__MAP_BIRTH_SHIFT == birth;
}

TARE__INLINE size_t tare__map_inline_size(uint32_t word)
{
    return (word & (TARE__MAP_SIZE_INLINE + 1)) - 1;
}

#endif
