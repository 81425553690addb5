/* SPDX-License-Identifier: MIT */
/*
 * Injected failures. A scope may carry a plan (layout/faults.h); then the threads that
 * it counts take the general way for each call, which asks here first whether
 * the call is to fail. Where no scope has a plan, no call does anything for this.
 *
 * A call that a plan could come to is one that the scope counts: not one inside another, not
 * what tare or tare_uncounted() asks for, and not a pool of the C++ runtime's. It has an
 * ordinal, unless it is in tare_no_faults(), of another size than the plan is for, or
 * asked for by the loader, TLS or NSS (fault_places.h). A thread past its end has no
 * failures. Where several scopes with plans are open, each has its ordinals, and one that says
 * so is enough.
 *
 * A process that the plan's process forks has no failures, and counts for nothing: which of
 * two processes is the n-th to allocate is not for anyone to say. What it is by exec
 * goes on with them.
 */
#ifndef TARE__FAULT_H
#define TARE__FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "blockmap.h"
#include "compiler.h"
#include "faults.h"
#include "thread.h"

struct tare__fault_range {
    uintptr_t low, end;
};

/* What a scope is opened with: a plan by itself; or one whose points, or whose figures, others look
 * at, too, in memory of theirs that outlives the scope. */
struct tare__arming {
    struct tare__fault_plan plan;
    struct tare__faults *faults;      /* NULL: memory of tare's own, without points */
    struct tare__fault_range *ranges; /* of RANGES, from tare__os_map(): the scope's, once it is open */
    size_t ranges_bytes;
    uint32_t range_count;
    struct tare__fault_run *run; /* what comes of the scope, when it closes its leaks, too; NULL for nobody */
};

struct tare__armed {
    struct tare__faults *faults;
    struct tare__fault_range *ranges;
    size_t ranges_bytes;
    struct tare__fault_run *run; /* what comes of it; NULL for nobody */
    uint32_t range_count;
    int pid;        /* of the process that it is for */
    uint32_t users; /* the scope and its attachments, also those that are over */
    uint32_t owns;  /* faults is tare's own memory */
    struct tare__armed *next_free;
};

/* Under the registry's lock. NULL when there is no memory. Left once for each user;
 * NULL is none. */
struct tare__armed *tare__armed_new(const struct tare__arming *arming);
struct tare__armed *tare__armed_join(struct tare__armed *armed);
void tare__armed_leave(struct tare__armed *armed);

/* True where there is one, and it is for this process. */
bool tare__armed_here(const struct tare__armed *armed);

uint64_t tare__armed_fired(const struct tare__armed *armed);

/* A counted call of a thread with faults ends what is no block, or not any more. Within a recording. */
void tare__fault_bad_free(struct tare__hot *hot, uintptr_t frame);

/* At the end of a process that ends by itself: notes what it leaves. */
void tare__fault_program_ends(void);

/* The plan that TARE_FAULTS names for the whole run, or NULL: none, or what it names is no such
 * file, or is another process's. Once, at start-up. */
struct tare__armed *tare__fault_start(void);

/* From the constructor: the loader may be asked from now on. */
void tare__fault_program_starts(void);

/* What a call asks for. */
struct tare__fault_call {
    size_t size;
    size_t old_size; /* of the block that it resizes */
    bool resizes;
};

/* Whether a call is to fail: then it has been noted, but not counted, and tare_fault_here() has been
 * called. */
bool tare__fault_comes_to(struct tare__hot *hot, struct tare__fault_call call);
TARE__INLINE bool tare__fault_may_come(struct tare__entry entry)
{
    return entry.how == TARE__COUNT && TARE__UNLIKELY(entry.hot->thread->faults) && entry.birth != TARE__BIRTH_RUNTIME;
}
TARE__INLINE bool tare__fault_comes(struct tare__entry entry, size_t size)
{
    return tare__fault_may_come(entry) && tare__fault_comes_to(entry.hot, (struct tare__fault_call){size, 0, false});
}
TARE__INLINE bool tare__fault_comes_resizing(struct tare__entry entry, size_t size, size_t old_size)
{
    return tare__fault_may_come(entry) &&
           tare__fault_comes_to(entry.hot, (struct tare__fault_call){size, old_size, true});
}

/* Called for each injected failure: a place for a breakpoint. */
void tare_fault_here(void);

/* Whether a scope with a plan counts the calling thread; and how often calls failed in the innermost, or
 * if there is none in the last one that has ended. */
bool tare__fault_is_open(uint64_t *fired);

/* From here on that is 0, where there is none open. */
void tare__fault_forget_fired(void);

/* From here on calls of frames below this address do not fail on this thread. Returns what was so
 * before, to which it goes back. */
uintptr_t tare__fault_spare(uintptr_t frame);

#endif
