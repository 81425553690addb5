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
    struct tare__faults *faults;            /* NULL: memory of tare's own, without points */
    const struct tare__fault_range *ranges; /* of RANGES; outlive the scope */
    uint32_t range_count;
};

struct tare__armed {
    struct tare__faults *faults;
    const struct tare__fault_range *ranges;
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

/* Where what comes of the run's failures goes, in a process that TARE_FAULTS gave a plan; NULL: in no other. */
extern struct tare__fault_run *tare__fault_run TARE__HIDDEN;

/* A counted call of a thread with faults ends what is no block, or not any more. */
void tare__fault_bad_free(struct tare__hot *hot);

/* At the end of a process that ends by itself: notes what it leaves. */
void tare__fault_program_ends(void);

/* The plan that TARE_FAULTS names for the whole run, or NULL: none, or what it names is no such
 * file, or is another process's. Once, at start-up. */
struct tare__armed *tare__fault_start(void);

/* From the constructor: the loader may be asked from now on. */
void tare__fault_program_starts(void);

/* Whether a call that would ask for so many bytes, in place of old_size, is to fail: then it
 * has been noted, but not counted, and tare_fault_here() has been called. */
bool tare__fault_comes_to(struct tare__hot *hot, size_t size, size_t old_size);
TARE__INLINE bool tare__fault_comes(struct tare__entry entry, size_t size, size_t old_size)
{
    return entry.how == TARE__COUNT && TARE__UNLIKELY(entry.hot->thread->faults) &&
           entry.birth != TARE__BIRTH_RUNTIME && tare__fault_comes_to(entry.hot, size, old_size);
}

/* Called for each injected failure: a place for a breakpoint. */
void tare_fault_here(void);

/* How often calls failed in the innermost scope with a plan that counts the calling thread; if
 * there is none, in the last one that has ended. */
uint64_t tare__fault_fired(void);

/* From here on calls of frames below this address do not fail on this thread. Returns what was so
 * before, to which it goes back. */
uintptr_t tare__fault_spare(uintptr_t frame);

#endif
