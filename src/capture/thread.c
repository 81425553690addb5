/* SPDX-License-Identifier: MIT */
/* The registry of threads, their beginning and end, fork, and the slow way into
 * a measured call. */
#include "thread.h"

#include <pthread.h>
#include <string.h>

#include "birth.h"
#include "blockmap.h"
#include "capture_store.h"
#include "real.h"
#include "scope.h"
#include "start.h"

#define SLAB_THREADS 64u
#define SLAB_LINES_BYTES (SLAB_THREADS * sizeof(struct tare__hot))

/* A mapping: one page of hot lines, wiped by fork, then this. Line 0 of the
 * first slab belongs to no thread: it tells a child of fork from its parent. */
struct slab {
    struct slab *next;
    struct tare__thread threads[SLAB_THREADS];
};

_Static_assert(SLAB_LINES_BYTES == 4096, "a slab's lines fill the smallest page");

static struct tare__hot nobody;
static struct tare__thread late_thread = {.hot = &(struct tare__hot){.mode = TARE__MODE_LATE}};
static struct slab *slabs;
static struct tare__hot *sentinel;

/* The attribute again: gcc forgets that of the declaration at the definition. */
__thread struct tare__hot *tare__self __attribute__((tls_model("initial-exec"))) = &nobody;
tare__lock tare__registry_lock;
bool tare__starting = true;
int tare__process_pid;

static struct tare__thread *thread_of(const struct tare__hot *hot)
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
    for (unsigned i = 0; i < SLAB_THREADS; i++)
        slab->threads[i].hot = (struct tare__hot *)lines + i;
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
            if (TARE__LOAD(slab->threads[i].taken) && slab->threads[i].hot != sentinel)
                visit(&slab->threads[i], context);
    visit(&late_thread, context);
}

static uint32_t mode_for(const struct tare__thread *thread)
{
    const struct tare__hot *hot = thread->hot;
    if (thread == &late_thread)
        return TARE__MODE_LATE;
    if (thread->vfork_pid != 0)
        return TARE__MODE_STALE;
    if (!tare__real.wide || tare__starting || (thread->attachments != NULL && hot->birth == TARE__BIRTH_NONE))
        return TARE__MODE_GENERAL;
    uint32_t mode = TARE__MODE_IDLE;
    for (const struct tare__attachment *at = thread->attachments; at != NULL; at = at->next_of_thread)
        mode = at->shared || mode == TARE__MODE_SHARED ? TARE__MODE_SHARED : TARE__MODE_COUNTING;
    return mode;
}

void tare__thread_refresh(struct tare__thread *thread, uint32_t birth)
{
    struct tare__hot *hot = thread->hot;
    hot->thread = thread;
    hot->counters = thread->counters;
    hot->birth = birth;
    hot->histogram = tare__store_recorded && thread->slot != NULL ? thread->slot->histogram : NULL;
    TARE__STORE(hot->mode, hot->guard == TARE__GUARD_OWN ? TARE__MODE_BUSY : mode_for(thread));
}

/* While tare is at work for a thread, no call of it takes a short way. */
static void begin_work(struct tare__hot *hot)
{
    hot->guard = TARE__GUARD_OWN;
    TARE__STORE(hot->mode, TARE__MODE_BUSY);
}

/* Another thread may have made it stale meanwhile: then it stays that. */
static void end_work(struct tare__thread *thread)
{
    uint32_t busy = TARE__MODE_BUSY;
    thread->hot->guard = 0;
    __atomic_compare_exchange_n(&thread->hot->mode, &busy, mode_for(thread), false, __ATOMIC_SEQ_CST,
                                __ATOMIC_RELAXED);
}

static void give_counters(struct tare__thread *thread)
{
    thread->slot = tare__store_take_slot();
    thread->counters = thread->slot != NULL ? &thread->slot->counters : &thread->own;
}

static void catch_up(struct tare__thread *thread)
{
    tare__lock_acquire(&tare__registry_lock);
    tare__scope_sync(thread);
    tare__lock_release(&tare__registry_lock);
}

static TARE__COLD struct tare__hot *begin(void)
{
    struct tare__thread *thread = claim();
    if (thread == NULL) {
        tare__store_mark_inexact(TARE_INEXACT_LOST);
        return NULL;
    }
    struct tare__hot *hot = thread->hot;
    begin_work(hot);
    hot->thread = thread;
    tare__self = hot;
    give_counters(thread);
    hot->counters = thread->counters;
    catch_up(thread);
    tare__start_watch_thread(hot);
    end_work(thread);
    return hot;
}

static void end_others(struct tare__thread *thread, void *self)
{
    if (thread == self || thread == &late_thread)
        return;
    tare__scope_thread_ended(thread);
    tare__store_give_slot(thread->slot);
    memset(thread->hot, 0, sizeof *thread->hot);
    thread->taken = 0;
}

/* The first look of a new child at itself: the other threads are gone, their
 * locks with them, and a recorded run's child records into a store of its own
 * at the same address. */
static TARE__COLD void become_child(struct tare__hot *hot)
{
    tare__registry_lock.word = 0;
    tare__process_pid = tare__os_pid();
    sentinel->mode = 1;
    struct tare__thread *thread = hot != &nobody && hot != late_thread.hot ? thread_of(hot) : NULL;
    if (thread != NULL) {
        begin_work(hot);
        hot->thread = thread;
        hot->counters = thread->counters;
    }
    tare__thread_each(end_others, thread);
    tare__scope_fork(thread, &late_thread);
    if (thread != NULL) {
        tare__scope_sync(thread);
        end_work(thread);
    }
}

static void become_child_if_forked(struct tare__hot *hot)
{
    if (sentinel != NULL && sentinel->mode == 0)
        become_child(hot);
}

bool tare__threads_start(void)
{
    struct tare__thread *first = claim_in_new_slab();
    if (first == NULL)
        return false;
    sentinel = first->hot;
    sentinel->mode = 1;
    tare__process_pid = tare__os_pid();
    return true;
}

void tare__threads_start_late(void)
{
    late_thread.hot->thread = &late_thread;
    give_counters(&late_thread);
    late_thread.hot->counters = late_thread.counters;
}

void tare__thread_end(void *ending)
{
    struct tare__hot *hot = ending;
    struct tare__thread *thread = hot->thread;
    if (hot != tare__self || thread == NULL)
        return;
    begin_work(hot);
    tare__lock_acquire(&tare__registry_lock);
    tare__scope_thread_ended(thread);
    tare__lock_release(&tare__registry_lock);
    tare__self = late_thread.hot;
    tare__store_give_slot(thread->slot);
    memset(hot, 0, sizeof *hot);
    __atomic_store_n(&thread->taken, 0, __ATOMIC_RELEASE);
}

void tare__fork_prepare(void)
{
    struct tare__hot *hot = tare__self;
    become_child_if_forked(hot);
    if (hot->thread != NULL && hot->mode != TARE__MODE_LATE)
        begin_work(hot);
    tare__lock_acquire(&tare__registry_lock);
}

void tare__fork_parent(void)
{
    struct tare__hot *hot = tare__self;
    tare__lock_release(&tare__registry_lock);
    if (hot->thread != NULL && hot->mode != TARE__MODE_LATE)
        end_work(hot->thread);
}

void tare__fork_child(void)
{
    sentinel->mode = 0; /* where the system does not wipe */
    become_child(tare__self);
}

/* True for a call inside a call. What says so is void when the frame that left
 * it is gone: a jump out of a signal handler did that. */
static bool is_nested(struct tare__hot *hot, uintptr_t frame)
{
    if (hot->guard == TARE__GUARD_OWN || hot->guard == TARE__GUARD_CANARY || hot->guard > frame ||
        hot->counters->recording > frame)
        return true;
    hot->guard = 0;
    if (hot->counters->recording != 0) {
        TARE__STORE(hot->counters->recording, 0);
        TARE__ADD(hot->counters->reentered_calls, 1);
    }
    return false;
}

static struct tare__entry enter_nested(struct tare__hot *hot)
{
    if (hot->guard == TARE__GUARD_CANARY) {
        hot->thread->canary_seen = true;
        return (struct tare__entry){hot, TARE__PROBE, TARE__BIRTH_NONE};
    }
    if (hot->guard != TARE__GUARD_OWN && tare__real.never_nests)
        TARE__ADD(hot->counters->reentered_calls, 1);
    return (struct tare__entry){NULL, TARE__PASS, TARE__BIRTH_NESTED};
}

/* Another process on this memory, until it execs: its calls are not ours. */
static bool is_vfork_child(struct tare__thread *thread)
{
    if (thread->vfork_pid == 0)
        return false;
    if (thread->vfork_pid != tare__os_pid())
        return true;
    thread->vfork_pid = 0;
    return false;
}

/* The calling thread's line, ready for a call; NULL where nothing of this
 * thread is counted. */
static struct tare__hot *look_around(void)
{
    struct tare__hot *hot = tare__self;
    uint32_t mode = TARE__LOAD(hot->mode);
    if (mode == TARE__MODE_NONE) {
        become_child_if_forked(hot);
        if (hot == &nobody)
            return begin();
    }
    return hot;
}

TARE__COLD struct tare__entry tare__enter_slowly(uintptr_t frame)
{
    const struct tare__entry pass = {NULL, TARE__PASS, TARE__BIRTH_NONE};
    if (!tare__started() && !tare__start())
        return (struct tare__entry){NULL, TARE__BOOT, TARE__BIRTH_NONE};
    struct tare__hot *hot = look_around();
    if (hot == NULL)
        return pass;
    if (hot->mode == TARE__MODE_LATE)
        return (struct tare__entry){hot, TARE__COUNT, TARE__BIRTH_NONE};
    if (is_nested(hot, frame))
        return enter_nested(hot);
    if (hot->mode == TARE__MODE_STALE) {
        if (is_vfork_child(hot->thread))
            return pass;
        begin_work(hot);
        catch_up(hot->thread);
        end_work(hot->thread);
    }
    if (hot->thread->attachments == NULL)
        return pass;
    hot->guard = frame;
    return (struct tare__entry){hot, TARE__COUNT, hot->birth};
}

struct tare__thread *tare__thread_mine(void)
{
    if (!tare__started() && !tare__start())
        return NULL;
    struct tare__hot *hot = look_around();
    if (hot == NULL || hot->mode == TARE__MODE_LATE || is_nested(hot, TARE__FRAME) || is_vfork_child(hot->thread))
        return NULL;
    bool stale = hot->mode == TARE__MODE_STALE;
    begin_work(hot); /* what makes it stale from now on does so under the lock, and waits for nothing */
    if (stale)
        catch_up(hot->thread);
    return hot->thread;
}

void tare__thread_done(struct tare__thread *thread)
{
    end_work(thread);
}

tare__vfork *tare__vfork_target(void)
{
    struct tare__thread *thread = tare__thread_mine();
    if (thread != NULL) {
        thread->vfork_pid = tare__process_pid;
        tare__thread_done(thread);
    }
    return tare__real.vfork;
}

static void collect(const struct tare__counters *counters, const struct tare__foreign *foreign,
                    struct tare__counted *counted)
{
#define COLLECT(name) counted->counters.name = TARE__LOAD(counters->name);
    TARE__COUNTERS(COLLECT)
#undef COLLECT
    counted->foreign.blocks = TARE__LOAD(foreign->blocks);
    counted->foreign.bytes = TARE__LOAD(foreign->bytes);
}

static bool same(const struct tare__counted *a, const struct tare__counted *b)
{
    bool same = a->foreign.blocks == b->foreign.blocks && a->foreign.bytes == b->foreign.bytes;
#define COMPARE(name) same &= a->counters.name == b->counters.name;
    TARE__COUNTERS(COMPARE)
#undef COMPARE
    return same;
}

/* Each call raises a counter, so what reads the same twice stood like that in
 * between; and in between nobody was recording. */
bool tare__counters_copy(const struct tare__counters *counters, const struct tare__foreign *foreign,
                         struct tare__counted *counted)
{
    enum { SPINS = 1000, TRIES = SPINS + 2000 }; /* the other may lose its processor in mid-call: wait 2 s for it */
    for (int i = 0; i < TRIES; i++) {
        struct tare__counted again;
        collect(counters, foreign, counted);
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        bool recording = __atomic_load_n(&counters->recording, __ATOMIC_ACQUIRE) != 0;
        collect(counters, foreign, &again);
        if (!recording && same(counted, &again))
            return true;
        if (i > SPINS)
            tare__os_pause();
    }
    return false;
}
