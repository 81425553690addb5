/* SPDX-License-Identifier: MIT */
/* The parts of the block map that are not on the hot path: new leaves, blocks
 * that do not fit one slot, and allocators whose blocks lie closer than 32
 * bytes. */
#include "blockmap.h"

#include "real.h"

#define TINY_BITS 0xc0000000u
#define TINY_SIZE_SHIFT 24
#define HUGE_SIZE 0xffffffffu

/* An extended block may begin in a leaf's last slot and reach this far beyond. */
#define OVERHANG_SLOTS 3u

uint32_t *tare__map_root[TARE__MAP_ROOT_ENTRIES];

static unsigned granule_bits(void)
{
    return tare__real.wide ? TARE__MAP_WIDE_BITS : TARE__MAP_NARROW_BITS;
}

/* The largest size of a block that may cover one granule only. In glibc's heap
 * 41 bytes are the first to make a chunk of 64; elsewhere 17 make 32. */
static size_t tiny_bytes(void)
{
    return tare__real.wide ? 40 : 16;
}

static TARE__COLD uint32_t *slot_in_new_leaf(const void *block)
{
    uint32_t **entry = &tare__map_root[(uintptr_t)block >> TARE__MAP_LEAF_BITS];
    size_t slots = ((size_t)1 << (TARE__MAP_LEAF_BITS - granule_bits())) + OVERHANG_SLOTS;
    uint32_t *leaf = tare__os_map(slots * sizeof *leaf);
    uint32_t *none = NULL;
    if (leaf == NULL)
        return NULL;
    uintptr_t first = (uintptr_t)block >> TARE__MAP_LEAF_BITS << (TARE__MAP_LEAF_BITS - granule_bits());
    uint32_t *of_address_0 = (uint32_t *)((uintptr_t)leaf - first * sizeof *leaf);
    if (!__atomic_compare_exchange_n(entry, &none, of_address_0, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        tare__os_unmap(leaf, slots * sizeof *leaf);
    return tare__map_slot(block, granule_bits());
}

static void put_extended(uint32_t *slot, size_t size, uint32_t birth)
{
    TARE__STORE(slot[0], TARE__MAP_EXTENDED | birth);
    TARE__STORE(slot[1], size < HUGE_SIZE ? (uint32_t)size : HUGE_SIZE);
    if (size >= HUGE_SIZE) {
        TARE__STORE(slot[2], (uint32_t)size);
        TARE__STORE(slot[3], (uint32_t)(size >> 32));
    }
}

bool tare__map_put(const void *block, size_t size, uint32_t birth)
{
    if ((uintptr_t)block >> TARE__ADDRESS_BITS != 0)
        return false;
    uint32_t *slot = tare__map_slot(block, granule_bits());
    if (slot == NULL && (slot = slot_in_new_leaf(block)) == NULL)
        return false;
    if (size <= TARE__MAP_SIZE_INLINE && birth <= TARE__MAP_BIRTH_INLINE)
        TARE__STORE(*slot, tare__map_inline(size, birth));
    else if (size > tiny_bytes())
        put_extended(slot, size, birth);
    else if (birth <= TARE__MAP_BIRTH_TINY)
        TARE__STORE(*slot, TINY_BITS | (uint32_t)(size + 1) << TINY_SIZE_SHIFT | birth);
    else
        TARE__STORE(*slot, 0); /* what a call that tare did not see left there */
    return TARE__LOAD(*slot) != 0;
}

static struct tare__block read_slots(const uint32_t *slot)
{
    uint32_t word = TARE__LOAD(*slot);
    if ((word & TARE__MAP_EXTENDED) == 0)
        return (struct tare__block){tare__map_inline_size(word), word >> TARE__MAP_BIRTH_SHIFT, true};
    if ((word & TINY_BITS) == TINY_BITS)
        return (struct tare__block){((word & ~TINY_BITS) >> TINY_SIZE_SHIFT) - 1, word & TARE__MAP_BIRTH_TINY, true};
    uint64_t size = TARE__LOAD(slot[1]);
    if (size == HUGE_SIZE)
        size = TARE__LOAD(slot[2]) | (uint64_t)TARE__LOAD(slot[3]) << 32;
    return (struct tare__block){size, word & TARE__BIRTH_MAX, true};
}

/* All slots are cleared: a later block that tare does not see allocated may
 * begin at any of them, and must not be given a size it never had. */
static struct tare__block look(const void *block, bool forget)
{
    uint32_t *slot = tare__map_slot(block, granule_bits());
    if (slot == NULL || TARE__LOAD(*slot) == 0)
        return (struct tare__block){0, TARE__BIRTH_NONE, false};
    struct tare__block found = read_slots(slot);
    if (forget) {
        if ((TARE__LOAD(*slot) & TINY_BITS) == TARE__MAP_EXTENDED) {
            if (TARE__LOAD(slot[1]) == HUGE_SIZE) {
                TARE__STORE(slot[2], 0);
                TARE__STORE(slot[3], 0);
            }
            TARE__STORE(slot[1], 0);
        }
        TARE__STORE(*slot, 0);
    }
    return found;
}

struct tare__block tare__map_look(const void *block)
{
    return look(block, false);
}

struct tare__block tare__map_take(const void *block)
{
    return look(block, true);
}
