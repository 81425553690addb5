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

/* Goes on by one frame inwards. False where there is no room. */
bool tare__frames_add(struct tare__chain *chain, uintptr_t address, uint32_t flags, struct tare__modules_seen *seen);

/* Changes when frames' ids no longer hold: where a child of fork drops them. */
extern uint32_t tare__frames_epoch TARE__HIDDEN;

void tare__frames_fork_prepare(void);
void tare__frames_fork_parent(void);
void tare__frames_fork_child(bool drop);

#endif
