/* SPDX-License-Identifier: MIT */
/*
 * The block map: address of a live block -> its requested size and its birth.
 *
 * C's free() does not say how large a block was, and a header would change what
 * the allocator sees. So the size is kept outside: one slot of 4 bytes for each
 * 16-byte granule of address space, in leaves that are mapped when first
 * touched. A block of more than 16 bytes covers two granules at least, and with
 * glibc even the smallest one does (chunks are 32 bytes), so two slots are free
 * to hold one word of 8 bytes: a quarter of a heap of small blocks, and half of
 * what a slot of 8 bytes would take.
 *
 *   word     63 large | 62..32 birth | 31 = 0 | 30..0 size + 1
 *   large    the same with size field 1; the size is in the two slots behind
 *   tiny     (a slot alone) 31 = 1 | 30..26 size + 1 | 25..0 birth
 *
 * 0 is no block. No lock: who owns a block owns its slots, and the program
 * orders the hand-over of a block between threads as it must anyway.
 */
#ifndef TARE__BLOCKMAP_H
#define TARE__BLOCKMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler.h"
#include "os.h"

#define TARE__MAP_GRANULE_BITS 4
#define TARE__MAP_LEAF_BITS 26 /* address bits that a leaf covers: 64 MiB, a leaf of 16 MiB */
#define TARE__MAP_LEAF_SLOTS ((size_t)1 << (TARE__MAP_LEAF_BITS - TARE__MAP_GRANULE_BITS))
#define TARE__MAP_ROOT_ENTRIES ((size_t)1 << (TARE__ADDRESS_BITS - TARE__MAP_LEAF_BITS))
#define TARE__MAP_LARGE 0x7fffffffu /* sizes from here on are large */
#define TARE__MAP_LARGE_BIT ((uint64_t)1 << 63)

/* Who made a block: a set of scopes (birth.h), or one of these. */
enum {
    TARE__BIRTH_NONE = 0,    /* made while nobody measured */
    TARE__BIRTH_NESTED = 1,  /* made inside another call, by the allocator or by libc for tare: counted nowhere */
    TARE__BIRTH_BOOT = 2,    /* in the boot arena: counted nowhere, never given to the real free */
    TARE__BIRTH_RUNTIME = 3, /* a pool of the C++ runtime: counted, but never a leak */
    TARE__BIRTH_FIRST = 4    /* the first that stands for scopes */
};
#define TARE__BIRTH_MAX 0x7fffffffu
#define TARE__BIRTH_MAX_TINY 0x03ffffffu

struct tare__block {
    uint64_t size;
    uint32_t birth;
    bool known;
};

typedef uint64_t tare__map_word __attribute__((aligned(4), may_alias));

extern uint32_t *tare__map_root[TARE__MAP_ROOT_ENTRIES];

/* The slot of a block, or NULL where nothing was remembered near it. */
TARE__INLINE uint32_t *tare__map_slot(const void *block)
{
    uintptr_t address = (uintptr_t)block;
    uint32_t *leaf =
        __atomic_load_n(&tare__map_root[address >> TARE__MAP_LEAF_BITS & (TARE__MAP_ROOT_ENTRIES - 1)], __ATOMIC_ACQUIRE);
    if (TARE__UNLIKELY(leaf == NULL))
        return NULL;
    return leaf + (address >> TARE__MAP_GRANULE_BITS & (TARE__MAP_LEAF_SLOTS - 1));
}

/* Remembers a block; false where there was no memory to do so. Any allocator. */
bool tare__map_put(const void *block, size_t size, uint32_t birth);

/* What is remembered of a block; and the same, forgetting it. */
struct tare__block tare__map_look(const void *block);
struct tare__block tare__map_take(const void *block);

/* tare__map_put for allocators whose blocks lie 32 bytes apart. */
TARE__INLINE bool tare__map_put_wide(const void *block, size_t size, uint32_t birth)
{
    uint32_t *slot = tare__map_slot(block);
    if (TARE__UNLIKELY(slot == NULL || size >= TARE__MAP_LARGE))
        return tare__map_put(block, size, birth);
    *(tare__map_word *)slot = (uint64_t)birth << 32 | (size + 1);
    return true;
}

#endif
