/* SPDX-License-Identifier: MIT */
/*
 * The call stack of whoever allocates, as the id of its innermost frame (pieces.h):
 * the walk (unwinder.h), what is remembered of the last one, and the frames' ids.
 *
 * Inside malloc: the calling thread's counters->recording is set, so that few signal
 * handlers' calls on the same thread come here while a walk is under way; those that
 * do are told from calls after a jump. Other threads walk at the same time. Allocates nothing by malloc, keeps errno,
 * needs below 3 KB of stack. Takes no lock while it walks; for a frame that is new
 * it takes a lock of its own and in it tare__pieces_lock.
 */
#ifndef TARE__CALLSTACK_H
#define TARE__CALLSTACK_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler.h"
#include "thread.h"

/* Early, in tare__start() before anything is recorded: reads TARE_UNWIND (tables,
 * frame-pointers, slow), TARE_STACK_DEPTH, and where the program and its modules
 * are found. What is not understood there is as if it weren't set. */
void tare__callstack_start(void);

/* Frames of a stack, the innermost ones; UINT32_MAX: all. */
extern uint32_t tare__callstack_depth_max TARE__HIDDEN;

/* Frames from the first on whose stack pointer is at or above `above`: from the
 * caller of malloc's hook on, if that is the hook's canonical frame address
 * (TARE__FRAME). 0 where there is no room. Where callers are missing, the outermost
 * record is no frame but says why (TARE__FRAME_TRUNCATED); its depth is 1 like any
 * outermost one's. thread may be &tare__late_thread. */
uint32_t tare__callstack(struct tare__thread *thread, uintptr_t above);

/* The same from a frame that is known, which spares the walk through tare's own:
 * where it goes on, its stack pointer and its frame pointer there. */
struct tare__caller {
    uintptr_t pc, sp, fp;
};
uint32_t tare__callstack_from(struct tare__thread *thread, struct tare__caller caller);

/* The caller of the function that this stands in, which must be a hook itself and
 * not inlined. It makes that function keep a frame pointer. */
#if defined(__x86_64__)
#define TARE__CALLER_PC(word) (word)
#else
#define TARE__CALLER_PC(word) ((word) & ((UINT64_C(1) << TARE__ADDRESS_BITS) - 1)) /* without its signature */
#endif
#define TARE__CALLER                                                                                                   \
    ((struct tare__caller){TARE__CALLER_PC((uintptr_t)__builtin_return_address(0)), TARE__FRAME,                       \
                           *(const uintptr_t *)__builtin_frame_address(0)})

/* By the thread that a record is given to, before its first call: forgets the walks
 * of the thread before, whose stack may be gone. */
void tare__callstack_thread_begins(struct tare__thread *thread);

/* Around fork. The lock is taken before tare__pieces_lock and after the registry's.
 * The child drops all that it knows of frames and modules where its pieces are
 * fresh ones; tare__pieces_lock is then free and the pieces are there. */
void tare__callstack_fork_prepare(void);
void tare__callstack_fork_parent(void);
void tare__callstack_fork_child(bool drop);

#endif
