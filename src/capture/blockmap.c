/* SPDX-License-Identifier: MIT */
/* The parts of the block map that are not on the hot path: new leaves, large
 * blocks, and allocators whose blocks lie closer than 32 bytes. */
#include "blockmap.h"

#include "real.h"

#define TINY_BIT 0x80000000u
#define TINY_BYTES 16u /* blocks up to here may have one slot only */
#define TINY_SIZE_SHIFT 26

/* A word or a large block's size may begin in a leaf's last slot and reach
 * this far beyond. */
#define OVERHANG_SLOTS 4u

uint32_t *tare__map_root[TARE__MAP_ROOT_ENTRIES];

static TARE__COLD uint32_t *slot_in_new_leaf(const void *block)
{
    uint32_t **entry = &tare__map_root[(uintptr_t)block >> TARE__MAP_LEAF_BITS & (TARE__MAP_ROOT_ENTRIES - 1)];
    size_t bytes = (TARE__MAP_LEAF_SLOTS + OVERHANG_SLOTS) * sizeof(uint32_t);
    uint32_t *leaf = tare__os_map(bytes);
    uint32_t *other = NULL;
    if (leaf == NULL)
        return NULL;
    if (!__atomic_compare_exchange_n(entry, &other, leaf, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        tare__os_unmap(leaf, bytes);
    return tare__map_slot(block);
}

bool tare__map_put(const void *block, size_t size, uint32_t birth)
{
    if ((uintptr_t)block >> TARE__ADDRESS_BITS != 0)
        return false;
    uint32_t *slot = tare__map_slot(block);
    if (slot == NULL && (slot = slot_in_new_leaf(block)) == NULL)
        return false;
    if (size <= TINY_BYTES && !tare__real.wide) {
        bool fits = birth <= TARE__BIRTH_MAX_TINY;
        *slot = fits ? TINY_BIT | (uint32_t)(size + 1) << TINY_SIZE_SHIFT | birth : 0;
        return fits;
    }
    if (size < TARE__MAP_LARGE) {
        *(tare__map_word *)slot = (uint64_t)birth << 32 | (size + 1);
    } else {
        *(tare__map_word *)slot = TARE__MAP_LARGE_BIT | (uint64_t)birth << 32 | 1;
        *(tare__map_word *)(slot + 2) = size;
    }
    return true;
}

static struct tare__block look(const void *block, bool forget)
{
    struct tare__block found = {0, TARE__BIRTH_NONE, false};
    uint32_t *slot = (uintptr_t)block >> TARE__ADDRESS_BITS == 0 ? tare__map_slot(block) : NULL;
    if (slot == NULL || *slot == 0)
        return found;
    found.known = true;
    if (*slot & TINY_BIT) {
        found.size = (*slot >> TINY_SIZE_SHIFT & 31) - 1;
        found.birth = *slot & TARE__BIRTH_MAX_TINY;
        if (forget)
            *slot = 0;
        return found;
    }
    uint64_t word = *(tare__map_word *)slot;
    found.birth = (uint32_t)(word >> 32) & TARE__BIRTH_MAX;
    found.size = word & TARE__MAP_LARGE_BIT ? *(tare__map_word *)(slot + 2) : (uint32_t)word - 1;
    if (forget) {
        *(tare__map_word *)slot = 0;
        if (word & TARE__MAP_LARGE_BIT)
            *(tare__map_word *)(slot + 2) = 0;
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
