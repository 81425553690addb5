/* SPDX-License-Identifier: MIT */
/* Recording for every case that the hot path does not take: any allocator, any
 * birth, threads past their end, calls that are not counted. */
#include "record.h"

#include "birth.h"
#include "boot.h"
#include "scope.h"

void tare__shared_peak(struct tare__shared *shared, int64_t net)
{
    int64_t peak = TARE__LOAD(shared->peak);
    while (net > peak &&
           !__atomic_compare_exchange_n(&shared->peak, &peak, net, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
    }
}

static bool is_attached(const struct tare__thread *thread, const struct tare__era *era)
{
    for (const struct tare__attachment *at = thread->attachments; at != NULL; at = at->next_of_thread)
        if (at->era == era)
            return true;
    return false;
}

static void recycle(struct tare__era *era)
{
    struct tare__hot *hot = tare__self;
    uintptr_t guard = hot->guard;
    if (tare__guard_is_own(guard))
        return; /* a signal handler's call, and its thread may hold the lock: this era is never used again */
    if (TARE__LOAD(hot->mode) == TARE__MODE_LATE) {
        tare__late_lock(hot);
        tare__era_recycle(era);
        tare__late_unlock(hot);
        return;
    }
    hot->guard = TARE__GUARD_OWN;
    tare__lock_acquire(&tare__registry_lock);
    tare__era_recycle(era);
    tare__lock_release(&tare__registry_lock);
    hot->guard = guard;
}

/*
 * A call on a block of another birth than this thread's present one: `ended`
 * blocks and `bytes` of net. Scopes attached here in which it was not born note
 * it as foreign, which belongs to the thread's own record; scopes in which it
 * was born and that are not attached here note it as ended elsewhere, which
 * does not, and may need the lock: it comes when recording is over.
 */
static TARE__COLD void note_foreign(const struct tare__thread *thread, uint32_t birth, int64_t ended, int64_t bytes)
{
    for (struct tare__attachment *at = thread->attachments; at != NULL; at = at->next_of_thread)
        if (!tare__born_in(birth, at->era)) {
            TARE__ADD(at->foreign->blocks, ended);
            TARE__ADD(at->foreign->bytes, bytes);
        }
}

/* counting is NULL where the call counts nowhere. */
static TARE__COLD void note_elsewhere(const struct tare__thread *counting, uint32_t birth, int64_t ended, int64_t bytes)
{
    while (birth >= TARE__BIRTH_FIRST) {
        struct tare__birth_node node = *tare__birth_node(birth); /* noting the last block may give it away */
        if ((counting == NULL || !is_attached(counting, node.era)) && tare__era_elsewhere(node.era, ended, bytes))
            recycle(node.era);
        birth = node.parent;
    }
}

/* Threads past their end share one record: they take turns. */
static bool begin(struct tare__hot *hot)
{
    bool locked = TARE__LOAD(hot->mode) == TARE__MODE_LATE;
    if (locked) {
        tare__late_lock(hot);
        tare__scope_sync(hot->thread);
    }
    tare__record_begin(hot->counters, TARE__FRAME);
    return locked;
}

static void end(struct tare__hot *hot, bool locked)
{
    tare__record_end(hot->counters);
    if (locked)
        tare__late_unlock(hot);
}

/* Ends the recording of a call on an old block. The attachments of threads past
 * their end may only be looked at in turn. */
static void end_on(struct tare__hot *hot, bool locked, struct tare__block old, int64_t ended, int64_t bytes)
{
    bool mixed = old.birth != hot->birth || !old.known;
    if (mixed)
        note_foreign(hot->thread, old.birth, ended, bytes);
    if (mixed && locked)
        note_elsewhere(hot->thread, old.birth, ended, bytes);
    end(hot, locked);
    if (mixed && !locked)
        note_elsewhere(hot->thread, old.birth, ended, bytes);
}

void tare__record_failure(struct tare__entry entry)
{
    if (entry.how != TARE__COUNT)
        return;
    bool locked = begin(entry.hot);
    TARE__ADD(entry.hot->counters->failed_allocations, 1);
    end(entry.hot, locked);
}

void tare__record_allocation(struct tare__entry entry, const void *block, size_t size)
{
    if (block == NULL) {
        tare__record_failure(entry);
        return;
    }
    if (entry.how != TARE__COUNT) {
        tare__map_put(block, size, entry.birth);
        return;
    }
    struct tare__hot *hot = entry.hot;
    bool locked = begin(hot);
    uint32_t birth = entry.birth == TARE__BIRTH_RUNTIME ? entry.birth : hot->birth;
    if (!tare__map_put(block, size, birth))
        TARE__ADD(hot->counters->lost_blocks, 1);
    tare__count_allocation(hot, size, true);
    if (birth != hot->birth)
        note_foreign(hot->thread, birth, -1, (int64_t)size); /* counted, but born in none of its scopes */
    end(hot, locked);
}

static void count_end(struct tare__hot *hot, struct tare__block old)
{
    bool locked = begin(hot);
    if (!old.known)
        TARE__ADD(hot->counters->unknown_blocks, 1);
    tare__count_deallocation(hot, old.size, true);
    end_on(hot, locked, old, 1, -(int64_t)old.size);
}

/* A known block ends; who counts it? */
static void note_end(struct tare__entry entry, struct tare__block old)
{
    if (old.birth == TARE__BIRTH_NESTED)
        return;
    if (entry.how == TARE__COUNT)
        count_end(entry.hot, old);
    else
        note_elsewhere(NULL, old.birth, 1, -(int64_t)old.size);
}

bool tare__record_deallocation(struct tare__entry entry, const void *block)
{
    struct tare__block old = tare__map_take(block);
    if (!old.known && tare__boot_owns(block))
        return false;
    note_end(entry, old);
    return true;
}

void tare__record_freed_by_realloc(struct tare__entry entry, struct tare__block old)
{
    note_end(entry, old);
}

void tare__record_reallocation(struct tare__entry entry, const void *block, struct tare__block old, const void *fresh,
                               size_t size)
{
    if (fresh == NULL) {
        if (old.known)
            tare__map_put(block, old.size, old.birth);
        tare__record_failure(entry);
        return;
    }
    bool put = tare__map_put(fresh, size, old.birth);
    if (old.birth == TARE__BIRTH_NESTED)
        return;
    int64_t growth = old.known ? (int64_t)(size - old.size) : 0;
    if (entry.how != TARE__COUNT) {
        note_elsewhere(NULL, old.birth, 0, growth);
        return;
    }
    struct tare__hot *hot = entry.hot;
    bool locked = begin(hot);
    struct tare__counters *counters = hot->counters;
    TARE__ADD(counters->lost_blocks, put ? 0u : 1u);
    TARE__ADD(counters->unknown_blocks, old.known ? 0u : 1u);
    tare__count_reallocation(hot, old.known ? old.size : size, size, true);
    end_on(hot, locked, old, 0, growth);
}
