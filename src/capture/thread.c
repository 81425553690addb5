/* SPDX-License-Identifier: MIT */
/* The registry of threads, their beginning and their end. */
#include "thread.h"

#include <limits.h>
#include <pthread.h>
#include <string.h>

#include "birth.h"
#include "blockmap.h"
#include "callstack.h"
#include "capture_store.h"
#include "gate.h"
#include "real.h"
#include "scope.h"
#include "start.h"

#ifndef TARE__END_ROUNDS
#define TARE__END_ROUNDS PTHREAD_DESTRUCTOR_ITERATIONS /* of key destructors, until a thread has ended */
#endif
#define SLAB_THREADS 64u
#define SLAB_LINES_BYTES (SLAB_THREADS * sizeof(struct tare__hot))

/* A mapping: one page of hot lines, wiped by fork, then this. Line 0 of the
 * first slab belongs to no thread: it tells a child of fork from its parent. */
struct slab {
    struct slab *next;
    struct tare__thread threads[SLAB_THREADS];
};

_Static_assert(SLAB_LINES_BYTES == 4096, "a slab's lines fill the smallest page");

struct tare__hot tare__nobody;
struct tare__thread tare__late_thread = {.hot = &(struct tare__hot){.mode = TARE__MODE_LATE}};
static struct slab *slabs;
struct tare__hot *tare__sentinel;

/* The attribute again: gcc forgets that of the declaration at the definition. */
__thread struct tare__hot *tare__self __attribute__((tls_model("initial-exec"))) = &tare__nobody;
tare__lock tare__registry_lock;
bool tare__starting = true;
int tare__process_pid;

struct tare__thread *tare__thread_of(const struct tare__hot *hot)
{
    uintptr_t lines = (uintptr_t)hot & ~(uintptr_t)(SLAB_LINES_BYTES - 1);
    struct slab *slab = (struct slab *)(lines + TARE__PAGE_BYTES);
    return &slab->threads[((uintptr_t)hot - lines) / sizeof *hot];
}

/* Another slab, with one of its threads taken. */
static struct tare__thread *claim_in_new_slab(void)
{
    char *lines = tare__os_map(TARE__PAGE_BYTES + sizeof(struct slab));
    if (lines == NULL)
        return NULL;
    tare__os_wipe_on_fork(lines, TARE__PAGE_BYTES);
    struct slab *slab = (struct slab *)(lines + TARE__PAGE_BYTES);
    for (unsigned i = 0; i < SLAB_THREADS; i++) {
        slab->threads[i].hot = (struct tare__hot *)lines + i;
        slab->threads[i].counters = &slab->threads[i].own; /* a child of fork may find it taken and no further */
    }
    slab->threads[0].taken = 1;
    slab->next = __atomic_load_n(&slabs, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(&slabs, &slab->next, slab, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED)) {
    }
    return &slab->threads[0];
}

/* Without the lock: a signal handler may come here while its thread does. */
static struct tare__thread *claim(void)
{
    for (struct slab *slab = __atomic_load_n(&slabs, __ATOMIC_ACQUIRE); slab != NULL; slab = slab->next)
        for (unsigned i = 0; i < SLAB_THREADS; i++) {
            uint32_t free = 0;
            if (TARE__LOAD(slab->threads[i].taken) == 0 &&
                __atomic_compare_exchange_n(&slab->threads[i].taken, &free, 1, false, __ATOMIC_ACQUIRE,
                                            __ATOMIC_RELAXED))
                return &slab->threads[i];
        }
    return claim_in_new_slab();
}

void tare__thread_each(void (*visit)(struct tare__thread *thread, void *context), void *context)
{
    for (struct slab *slab = __atomic_load_n(&slabs, __ATOMIC_ACQUIRE); slab != NULL; slab = slab->next)
        for (unsigned i = 0; i < SLAB_THREADS; i++)
            if (TARE__LOAD(slab->threads[i].taken) && slab->threads[i].hot != tare__sentinel)
                visit(&slab->threads[i], context);
    visit(&tare__late_thread, context);
}

static uint32_t mode_for(const struct tare__thread *thread)
{
    const struct tare__hot *hot = thread->hot;
    if (thread == &tare__late_thread)
        return TARE__MODE_LATE;
    if (thread->vfork_pid != 0 || tare__gate_is_shut_to(thread))
        return TARE__MODE_STALE;
    if (!tare__real.wide || tare__starting || thread->faults || hot->birth > TARE__MAP_BIRTH_INLINE ||
        (thread->attachments != NULL && hot->birth == TARE__BIRTH_NONE))
        return TARE__MODE_GENERAL;
    if (thread->attachments == NULL)
        return TARE__MODE_IDLE;
    if (thread->sites)
        return TARE__MODE_SITES;
    return hot->shares != NULL ? TARE__MODE_SHARED : TARE__MODE_COUNTING;
}

void tare__thread_refresh(struct tare__thread *thread, uint32_t birth, struct tare__share *shares)
{
    struct tare__hot *hot = thread->hot;
    hot->thread = thread;
    hot->counters = thread->counters;
    if (hot->birth != birth)
        hot->last = NULL; /* until it is this again there may be allocations that nobody notes */
    hot->birth = birth;
    hot->shares = shares;
    hot->histogram = tare__store_recorded && thread->slot != NULL ? thread->slot->histogram : NULL;
    if (TARE__LOAD(hot->guard) != TARE__GUARD_OWN) /* else it stays busy, or stale if another thread has made it that */
        TARE__STORE(hot->mode, mode_for(thread));
}

bool tare__thread_begin_work(struct tare__hot *hot)
{
    hot->guard = TARE__GUARD_OWN;
    return __atomic_exchange_n(&hot->mode, TARE__MODE_BUSY, __ATOMIC_SEQ_CST) == TARE__MODE_STALE;
}

/* Another thread may have made it stale meanwhile: then it stays that. */
void tare__thread_end_work(struct tare__thread *thread)
{
    uint32_t busy = TARE__MODE_BUSY;
    thread->hot->guard = 0;
    __atomic_compare_exchange_n(&thread->hot->mode, &busy, mode_for(thread), false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

void tare__thread_give_counters(struct tare__thread *thread)
{
    thread->slot = tare__store_take_slot();
    thread->counters = thread->slot != NULL ? &thread->slot->counters : &thread->own;
    thread->hot->counters = thread->counters;
}

void tare__thread_catch_up(struct tare__thread *thread)
{
    tare__lock_acquire(&tare__registry_lock);
    tare__scope_sync(thread);
    tare__lock_release(&tare__registry_lock);
}

static void leave_scopes(struct tare__thread *thread)
{
    tare__lock_acquire(&tare__registry_lock);
    tare__scope_thread_ended(thread);
    tare__lock_release(&tare__registry_lock);
}

/* The mode by itself: others may make it stale until the record is free. */
static void wipe_line(struct tare__hot *hot)
{
    memset((char *)hot + sizeof hot->mode, 0, sizeof *hot - sizeof hot->mode);
    TARE__STORE(hot->mode, TARE__MODE_NONE);
}

static void give_back(struct tare__thread *thread)
{
    tare__store_give_slot(thread->slot);
    wipe_line(thread->hot);
    thread->end_rounds = 0;
    thread->reaping = 0;
    __atomic_store_n(&thread->taken, 0, __ATOMIC_RELEASE);
}

static void end(struct tare__hot *hot)
{
    struct tare__thread *thread = hot->thread;
    tare__thread_begin_work(hot);
    leave_scopes(thread);
    tare__self = tare__late_thread.hot;
    give_back(thread);
}

void tare__thread_discard(struct tare__thread *thread)
{
    leave_scopes(thread);
    give_back(thread);
}

/* Threads past their end share a line, which can't tell a signal handler that
 * its thread has the lock. So they go by another meanwhile. */
static struct tare__hot late_at_work = {
    .mode = TARE__MODE_BUSY, .guard = TARE__GUARD_OWN, .thread = &tare__late_thread};

void tare__late_lock(const struct tare__hot *hot)
{
    TARE__STORE(late_at_work.counters, hot->counters);
    TARE__STORE(tare__self, &late_at_work);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    tare__lock_acquire(&tare__registry_lock);
}

void tare__late_unlock(struct tare__hot *hot)
{
    tare__lock_release(&tare__registry_lock);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    TARE__STORE(tare__self, hot);
}

TARE__COLD struct tare__thread *tare__thread_prepare(void)
{
    struct tare__thread *thread = claim();
    if (thread == NULL) {
        tare__store_mark_inexact(TARE_INEXACT_LOST);
        return NULL;
    }
    tare__thread_give_counters(thread);
    thread->hot->thread = thread;
    return thread;
}

TARE__COLD void tare__thread_become(struct tare__thread *thread)
{
    struct tare__hot *hot = thread->hot;
    if (tare__self != &tare__nobody) /* a signal handler came first and allocated */
        end(tare__self);
    tare__thread_begin_work(hot);
    thread->self = pthread_self();
    tare__self = hot;
    tare__callstack_thread_begins(thread);
    tare__thread_catch_up(thread);
    hot->guard = TARE__GUARD_LIBC;
    tare__start_watch_thread(hot);
    tare__thread_end_work(thread);
}

struct tare__hot *tare__thread_begin(void)
{
    struct tare__thread *thread = tare__thread_prepare();
    if (thread == NULL)
        return NULL;
    tare__thread_become(thread);
    return thread->hot;
}

bool tare__threads_start(void)
{
    struct tare__thread *first = claim_in_new_slab();
    if (first == NULL)
        return false;
    tare__sentinel = first->hot;
    tare__sentinel->mode = 1;
    tare__process_pid = tare__os_pid();
    return true;
}

void tare__threads_start_late(void)
{
    tare__late_thread.hot->thread = &tare__late_thread;
    tare__thread_give_counters(&tare__late_thread);
}

/* Destructors of other keys may come after ours, and free: ours asks to be called
 * again until the last round. */
void tare__thread_end(void *ending)
{
    struct tare__hot *hot = ending;
    if (hot != tare__self || hot->thread == NULL)
        return;
    if (++hot->thread->end_rounds < TARE__END_ROUNDS)
        tare__start_watch_thread(hot);
    else
        end(hot);
}
