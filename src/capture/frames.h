/* SPDX-License-Identifier: MIT */
/*
 * Frames and their ids: the same address below the same callers, in the same loaded
 * object, is the same frame. Stacks go in from the outermost frame on. A hash over
 * all addresses so far leads to the id in a table that is read without a lock; a
 * frame that is new there takes one.
 */
#ifndef TARE__FRAMES_H
#define TARE__FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture_pieces.h"
#include "compiler.h"
#include "module_records.h"
#include "unwinder.h"

/* A stack from the outermost frame to the one with this id. Zeros: empty. */
struct tare__chain {
    uint64_t hash;
    uint32_t id;
    bool may_go; /* this frame's object may be closed */
};

/* What lies at an address, where a frame is called. */
static inline uintptr_t tare__frame_place(uintptr_t address, uint32_t flags)
{
    return (flags & TARE__FRAME_EXACT) != 0 ? address : address - 1;
}

/* Begins with why callers are missing, if they are. False where there is no room. */
bool tare__frames_begin(struct tare__chain *chain, enum tare__unwind_end end, struct tare__modules_seen *seen);

/* An entry is the low half of the hash, and the id. 0: none. See frames.c. */
struct tare__frame_table {
    uint32_t bits, count;
    uint64_t entries[];
};
extern struct tare__frame_table *tare__frame_table TARE__HIDDEN;

/* Any frame, found or made. */
struct tare__chain tare__frames_add_slowly(struct tare__chain chain, uintptr_t address, uint32_t flags,
                                           struct tare__modules_seen *seen);

TARE__INLINE uint64_t tare__frames_hash(uint64_t callers, uintptr_t address, uint32_t flags)
{
    uint64_t hash = (callers ^ address ^ (uint64_t)flags << 56) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 32;
}

/* Goes on by one frame inwards; its id is 0 where there is no room. */
TARE__INLINE struct tare__chain tare__frames_add(struct tare__chain chain, uintptr_t address, uint32_t flags,
                                                 struct tare__modules_seen *seen)
{
    uint64_t hash = tare__frames_hash(chain.hash, address, flags);
    const struct tare__frame_table *table = __atomic_load_n(&tare__frame_table, __ATOMIC_ACQUIRE);
    uint64_t entry = 0;
    if (TARE__LIKELY(table != NULL))
        entry = __atomic_load_n(&table->entries[(uint32_t)hash >> (32 - table->bits)], __ATOMIC_ACQUIRE);
    if (TARE__LIKELY(entry != 0 && entry >> 32 == (uint32_t)hash)) {
        const struct tare__frame *frame = tare__frame_at((uint32_t)entry);
        if (TARE__LIKELY(frame->address == address && frame->parent == chain.id && frame->flags == flags &&
                         TARE__LOAD(frame->owner_private[0]) == 0))
            return (struct tare__chain){hash, (uint32_t)entry, false};
    }
    return tare__frames_add_slowly(chain, address, flags, seen);
}

/* Changes when frames' ids no longer hold: where a child of fork drops them. */
extern uint32_t tare__frames_epoch TARE__HIDDEN;

void tare__frames_fork_prepare(void);
void tare__frames_fork_parent(void);
void tare__frames_fork_child(bool drop);

#endif
