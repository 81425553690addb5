/* SPDX-License-Identifier: MIT */
/*
 * The last walk of a thread, and by it the next one: frames from the outermost in,
 * each with the words that the step from it read. A walk steps until it comes to a
 * frame that was there the last time, with the same pc, sp and fp; from there on the
 * same words give the same frames, so they are only compared, one after the other,
 * up to the first that has changed. What a step read but no step used, a frame
 * pointer that is no such thing, need not be the same.
 *
 *   - Frames in an object that may be closed hold only while it is that object,
 *     which is looked at in each walk. Without a build ID nobody can tell.
 *   - A walk that ended where the stack could not be read is not kept: what can be
 *     read is not among what it read.
 *   - Where a signal came, registers are as the kernel kept them; such a frame is
 *     compared as part of a walk, but none begins there.
 */
#ifndef TARE__LAST_WALK_H
#define TARE__LAST_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "unwinder.h"

struct tare__last_walk; /* a thread's, in thread.h */

/* The stack from `walk` on, where that is a frame with a stack pointer of above or
 * more, else from the first such caller's: the id of its innermost frame, 0 where
 * there is no room for it. False where the walk must be done in another way: the
 * tables' rows are not taken, there is no memory for *last, which is made and grows
 * here, or this is a signal handler that came upon such a walk. */
bool tare__walk_again(struct tare__last_walk **last, struct tare__unwind *walk, uintptr_t above, uint32_t depth_max,
                      bool by_frame_pointers, uint32_t *id);

/* The same, but 0 unless it is the whole last one once more. NULL is fine. */
uint32_t tare__walk_same(const struct tare__last_walk *last, uintptr_t pc, uintptr_t sp, uintptr_t fp, uintptr_t above);

/* Nothing is known of the stack any more. NULL is fine. */
void tare__walk_forget(struct tare__last_walk *last);

#endif
