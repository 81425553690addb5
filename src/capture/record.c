/* SPDX-License-Identifier: MIT */
/* Recording for every case that the hot path does not take: any allocator, any
 * birth, threads past their end, calls that are not counted. */
#include "record.h"

#include "birth.h"
#include "boot.h"
#include "fault.h"
#include "noted.h"
#include "probe.h"
#include "scope.h"
#include "site.h"

void tare__shared_peak(struct tare__shared *shared, int64_t net)
{
    int64_t peak = TARE__LOAD(shared->peak);
    while (net > peak &&
           !__atomic_compare_exchange_n(&shared->peak, &peak, net, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
    }
}

bool tare__is_attached(const struct tare__thread *thread, const struct tare__era *era)
{
    for (const struct tare__attachment *at = thread->attachments; at != NULL; at = at->next_of_thread)
        if (at->era == era)
            return true;
    return false;
}

/* In a signal handler's call the thread may hold the very lock that is wanted. */
bool tare__work_begin(struct tare__work *work)
{
    struct tare__hot *hot = tare__self;
    *work = (struct tare__work){hot, hot->guard};
    if (hot == &tare__nobody || tare__guard_is_own(hot->guard))
        return false;
    if (hot->thread == &tare__late_thread) {
        tare__late_lock(hot);
        return true;
    }
    TARE__STORE(hot->guard, TARE__GUARD_OWN);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    return true;
}

void tare__work_end(const struct tare__work *work)
{
    if (work->hot->thread == &tare__late_thread) {
        tare__late_unlock(work->hot);
        return;
    }
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    TARE__STORE(work->hot->guard, work->guard);
}

static void recycle(struct tare__era *era)
{
    struct tare__work work;
    if (!tare__work_begin(&work))
        return; /* where there can be no work, this era is never used again */
    bool locked = work.hot->thread == &tare__late_thread;
    if (!locked)
        tare__lock_acquire(&tare__registry_lock);
    tare__era_recycle(era);
    if (!locked)
        tare__lock_release(&tare__registry_lock);
    tare__work_end(&work);
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
    tare__site_elsewhere(birth, ended, -bytes);
    for (struct tare__attachment *at = thread->attachments; at != NULL; at = at->next_of_thread)
        if (!tare__born_in(birth, at->era)) {
            TARE__ADD(at->foreign->blocks, ended);
            TARE__ADD(at->foreign->bytes, bytes);
        }
}

/* counting is NULL where the call counts nowhere. */
static TARE__COLD void note_elsewhere(const struct tare__thread *counting, uint32_t birth, int64_t ended, int64_t bytes)
{
    birth = tare__birth_scopes(birth);
    while (birth >= TARE__BIRTH_FIRST) {
        struct tare__birth_node node = *tare__birth_node(birth); /* noting the last block may give it away */
        if ((counting == NULL || !tare__is_attached(counting, node.era)) && tare__era_elsewhere(node.era, ended, bytes))
            recycle(node.era);
        birth = node.parent;
    }
}

/* A call that counts nowhere. */
static void end_uncounted(uint32_t birth, int64_t ended, int64_t bytes)
{
    tare__site_elsewhere(birth, ended, -bytes);
    note_elsewhere(NULL, birth, ended, bytes);
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

/* A call on an old block, before the net changes. Returns whether it was born at
 * another set of scopes. */
static bool begin_on(struct tare__hot *hot, struct tare__block old, int64_t ended, int64_t bytes)
{
    if (!old.known || tare__birth_scopes(old.birth) != hot->birth) {
        note_foreign(hot->thread, old.birth, ended, bytes);
        return true;
    }
    struct tare__site *site = tare__birth_site(old.birth);
    if (site != NULL) {
        tare__site_note_peak(hot, site);
        TARE__SITE_ADD(hot, site->live_blocks, -ended);
        TARE__SITE_ADD(hot, site->live_bytes, bytes);
    }
    return false;
}

/* Ends the recording of such a call. The attachments of threads past their end may
 * only be looked at in turn. */
static void end_on(struct tare__hot *hot, bool locked, bool mixed, struct tare__block old, int64_t ended, int64_t bytes)
{
    if (mixed && locked)
        note_elsewhere(hot->thread, old.birth, ended, bytes);
    end(hot, locked);
    if (mixed && !locked)
        note_elsewhere(hot->thread, old.birth, ended, bytes);
}

/* Where the stack of the call in progress begins; tare's own frames are in it where
 * nothing says. */
static uintptr_t frame_of(const struct tare__hot *hot)
{
    return hot->guard > TARE__GUARD_LIBC ? hot->guard & ~(uintptr_t)TARE__GUARD_CALLEE : TARE__FRAME;
}

static void record_failure(struct tare__entry entry, uint64_t lost)
{
    if (entry.how != TARE__COUNT)
        return;
    bool locked = begin(entry.hot);
    TARE__ADD(entry.hot->counters->failed_allocations, 1);
    TARE__ADD(entry.hot->counters->lost_blocks, lost);
    end(entry.hot, locked);
}

void tare__record_failure(struct tare__entry entry)
{
    record_failure(entry, 0);
}

/* The map remembers what has no owner but malloc. at_work: the thread is that
 * already, and has told its guard. */
static bool remember(const void *owner, const void *block, size_t size, uint32_t birth, bool at_work,
                     struct tare__block *older)
{
    *older = (struct tare__block){0, TARE__BIRTH_NONE, false};
    if (owner == NULL)
        return tare__map_put(block, size, birth);
    struct tare__work work;
    if (!at_work && !tare__work_begin(&work))
        return false;
    bool done = tare__noted_put(owner, block, size, birth, older);
    if (!at_work)
        tare__work_end(&work);
    return done;
}

static void record_new(struct tare__entry entry, const void *owner, const void *block, size_t size)
{
    struct tare__block older;
    if (block == NULL) {
        tare__record_failure(entry);
        return;
    }
    if (entry.how != TARE__COUNT) {
        remember(owner, block, size, entry.birth, false, &older);
        if (older.known)
            tare__record_ended(entry, block, older, 1);
        return;
    }
    struct tare__hot *hot = entry.hot;
    bool locked = begin(hot);
    uint32_t scopes = entry.birth == TARE__BIRTH_RUNTIME ? entry.birth : hot->birth;
    uint32_t birth = tare__site_here(hot, scopes, frame_of(hot));
    if (!remember(owner, block, size, birth, locked, &older))
        TARE__ADD(hot->counters->lost_blocks, 1);
    bool replaces = older.known && older.birth != TARE__BIRTH_NESTED;
    bool mixed = replaces && begin_on(hot, older, 1, -(int64_t)older.size);
    if (replaces)
        tare__count_deallocation(hot, older.size, true);
    struct tare__site *site = tare__birth_site(birth);
    if (site != NULL)
        tare__site_note_peak(hot, site);
    tare__count_allocation(hot, size, true);
    if (site != NULL)
        tare__site_allocated(hot, site, block, size);
    if (scopes != hot->birth)
        note_foreign(hot->thread, scopes, -1, (int64_t)size); /* counted, but born in none of its scopes */
    end_on(hot, locked, mixed, older, 1, -(int64_t)older.size);
    if (TARE__LISTENED(deallocation) && replaces)
        tare__tell_deallocation(hot, block, older.size);
    if (TARE__LISTENED(allocation))
        tare__tell_allocation(hot, (void *)(uintptr_t)block, size);
}

void tare__record_allocation(struct tare__entry entry, const void *block, size_t size)
{
    record_new(entry, NULL, block, size);
}

void tare__record_piece(struct tare__entry entry, const void *owner, const void *piece, size_t size)
{
    record_new(entry, owner, piece, size);
}

static void note_unknown(struct tare__hot *hot)
{
    TARE__ADD(hot->counters->unknown_blocks, 1);
    if (hot->thread->faults)
        tare__fault_bad_free(hot, frame_of(hot));
}

static void count_end(struct tare__hot *hot, const void *block, struct tare__block old, uint64_t blocks)
{
    bool locked = begin(hot);
    if (!old.known)
        note_unknown(hot);
    bool mixed = begin_on(hot, old, (int64_t)blocks, -(int64_t)old.size);
    tare__count_deallocation(hot, old.size, true);
    TARE__ADD(hot->counters->deallocations, blocks - 1);
    end_on(hot, locked, mixed, old, (int64_t)blocks, -(int64_t)old.size);
    if (TARE__LISTENED(deallocation) && block != NULL)
        tare__tell_deallocation(hot, block, old.size);
}

void tare__record_ended(struct tare__entry entry, const void *block, struct tare__block old, uint64_t pieces)
{
    if (old.birth == TARE__BIRTH_NESTED)
        return;
    if (entry.how == TARE__COUNT)
        count_end(entry.hot, block, old, pieces);
    else
        end_uncounted(old.birth, (int64_t)pieces, -(int64_t)old.size);
}

/* Freed before its thread's next allocation. */
static void note_temporary(struct tare__hot *hot, const void *block, uint32_t birth)
{
    struct tare__site *site = tare__birth_site(birth);
    if (hot->last != block || site == NULL || site->scopes != hot->birth)
        return;
    TARE__SITE_ADD(hot, site->temporary, 1);
    hot->last = NULL;
}

bool tare__record_deallocation(struct tare__entry entry, const void *block)
{
    struct tare__block old = tare__map_take(block);
    if (!old.known && tare__boot_owns(block))
        return false;
    if (entry.how == TARE__COUNT && old.known)
        note_temporary(entry.hot, block, old.birth);
    tare__record_ended(entry, block, old, 1);
    return true;
}

struct tare__block tare__record_take_piece(const void *owner, const void *piece)
{
    struct tare__block none = {0, TARE__BIRTH_NONE, false};
    struct tare__work work;
    if (!tare__work_begin(&work))
        return none;
    struct tare__block found = tare__noted_take(owner, piece);
    tare__work_end(&work);
    return found;
}

static void record_resized(struct tare__entry entry, const void *owner, const void *block, struct tare__block old,
                           const void *fresh, size_t size)
{
    struct tare__block older;
    if (fresh == NULL) {
        bool kept = !old.known || remember(owner, block, old.size, old.birth, false, &older);
        record_failure(entry, kept ? 0 : 1);
        return;
    }
    bool put = remember(owner, fresh, size, old.birth, false, &older);
    if (older.known)
        tare__record_ended(entry, fresh, older, 1);
    if (old.birth == TARE__BIRTH_NESTED)
        return;
    int64_t growth = old.known ? (int64_t)(size - old.size) : 0;
    if (entry.how != TARE__COUNT) {
        end_uncounted(old.birth, 0, growth);
        return;
    }
    struct tare__hot *hot = entry.hot;
    bool locked = begin(hot);
    struct tare__counters *counters = hot->counters;
    TARE__ADD(counters->lost_blocks, put ? 0u : 1u);
    if (!old.known)
        note_unknown(hot);
    struct tare__site *by = tare__birth_site(tare__site_here(hot, hot->birth, frame_of(hot)));
    bool mixed = begin_on(hot, old, 0, growth);
    tare__count_reallocation(hot, old.known ? old.size : size, size, true);
    if (by != NULL)
        tare__site_reallocated(hot, by, growth);
    end_on(hot, locked, mixed, old, 0, growth);
    if (TARE__LISTENED(reallocation))
        tare__tell_reallocation(hot, block, fresh, old.size, size);
}

void tare__record_reallocation(struct tare__entry entry, const void *block, struct tare__block old, const void *fresh,
                               size_t size)
{
    record_resized(entry, NULL, block, old, fresh, size);
}

void tare__record_piece_resized(struct tare__entry entry, const void *owner, const void *piece, struct tare__block old,
                                const void *fresh, size_t size)
{
    record_resized(entry, owner, piece, old, fresh, size);
}
