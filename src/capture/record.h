/* SPDX-License-Identifier: MIT */
/*
 * What a call leaves behind: counters, block map, pieces, peaks.
 *
 * A thread's counters are written by that thread alone. While it changes them
 * it sets `recording`, so that whoever copies them can tell a whole call from
 * half a one. All functions keep errno.
 */
#ifndef TARE__RECORD_H
#define TARE__RECORD_H

#include "blockmap.h"
#include "capture_store.h"
#include "thread.h"
#include "timeline.h"

TARE__INLINE void tare__record_begin(struct tare__counters *counters, uintptr_t frame)
{
    TARE__STORE(counters->recording, frame);
    __atomic_thread_fence(__ATOMIC_RELEASE);
}

TARE__INLINE void tare__record_end(struct tare__counters *counters)
{
    __atomic_store_n(&counters->recording, 0, __ATOMIC_RELEASE);
}

/* Adds to each net over several threads; where it grew, the peak may rise. */
void tare__shared_peak(struct tare__shared *shared, int64_t net);
TARE__INLINE void tare__share(const struct tare__hot *hot, int64_t bytes, bool grew)
{
    for (const struct tare__share *share = hot->shares; share != NULL; share = share->next) {
        struct tare__shared *sum = share->sum;
        int64_t net;
        if (tare__os_single_threaded()) {
            net = TARE__LOAD(sum->net) + bytes;
            TARE__STORE(sum->net, net);
        } else {
            net = __atomic_add_fetch(&sum->net, bytes, __ATOMIC_RELAXED);
        }
        if (grew && net > TARE__LOAD(sum->peak))
            tare__shared_peak(sum, net);
    }
}

/* Sizes by powers of two; 0 has a bucket of its own. */
TARE__INLINE unsigned tare__histogram_bucket(size_t size)
{
    return 63 - (unsigned)__builtin_clzll(2 * (unsigned long long)size + 1);
}

/* Adds to bytes_allocated, and raises the peak where that is due. */
TARE__INLINE void tare__grow(struct tare__counters *counters, uint64_t bytes)
{
    uint64_t allocated = TARE__LOAD(counters->bytes_allocated) + bytes;
    TARE__STORE(counters->bytes_allocated, allocated);
    int64_t net = (int64_t)(allocated - TARE__LOAD(counters->bytes_deallocated));
    if (net > TARE__LOAD(counters->peak))
        TARE__STORE(counters->peak, net);
}

/* Adds one allocation. Between tare__record_begin and _end. `shared` is false
 * where the mode says that there are no shares. */
TARE__INLINE void tare__count_allocation(struct tare__hot *hot, size_t size, bool shared)
{
    struct tare__counters *counters = hot->counters;
    TARE__ADD(counters->allocations, 1);
    tare__grow(counters, size);
    if (shared) {
        tare__share(hot, (int64_t)size, true);
        if (hot->histogram != NULL) {
            TARE__ADD(hot->histogram[tare__histogram_bucket(size)], 1);
            if (TARE__UNLIKELY(tare__timeline_is_due(TARE__LOAD(counters->allocations))))
                tare__timeline_point();
        }
    }
}

/* Adds one deallocation of a block born in the very scopes that are open now. */
TARE__INLINE void tare__count_deallocation(struct tare__hot *hot, size_t size, bool shared)
{
    struct tare__counters *counters = hot->counters;
    TARE__ADD(counters->deallocations, 1);
    TARE__ADD(counters->bytes_deallocated, size);
    if (shared)
        tare__share(hot, -(int64_t)size, false);
}

/* Adds one reallocation, by the one rule: growth is bytes allocated, shrinkage
 * is bytes deallocated. */
TARE__INLINE void tare__count_reallocation(struct tare__hot *hot, size_t old_size, size_t size, bool shared)
{
    struct tare__counters *counters = hot->counters;
    uint64_t growth = size - old_size; /* in two's complement */
    TARE__ADD(counters->reallocations, 1);
    TARE__ADD(counters->bytes_reallocated, growth);
    if (size > old_size)
        tare__grow(counters, growth);
    else
        TARE__ADD(counters->bytes_deallocated, -growth);
    if (shared)
        tare__share(hot, (int64_t)growth, size > old_size);
}

/* The same for any allocator, any birth and any way in. block may be NULL: the
 * call failed. */
void tare__record_allocation(struct tare__entry entry, const void *block, size_t size);

/* A block is about to be freed: forgets and counts it. False when it is one of
 * the boot arena, which must not reach the real free. */
bool tare__record_deallocation(struct tare__entry entry, const void *block);

/* A block was taken from the map to be resized; then it was (or, with NULL,
 * was not, and is put back as it was). */
void tare__record_reallocation(struct tare__entry entry, const void *block, struct tare__block old, const void *fresh,
                               size_t size);

/* A call failed. */
void tare__record_failure(struct tare__entry entry);

/* ---- Pieces (noted.h) ---------------------------------------------------- */

/* Tare's own work within a call, under locks other than the registry's: a signal
 * handler's calls pass by meanwhile. False where it can't be: in such a call, and
 * in a thread that there is no record for. Then there is nothing to end. */
struct tare__work {
    struct tare__hot *hot;
    uintptr_t guard;
};
bool tare__work_begin(struct tare__work *work);
void tare__work_end(const struct tare__work *work);

/* The same as for blocks. A piece that was still remembered at the address has
 * ended meanwhile, and that is counted first. piece may be NULL: the call failed. */
void tare__record_piece(struct tare__entry entry, const void *owner, const void *piece, size_t size);

/* A piece was taken from the table to be resized, or to end. */
struct tare__block tare__record_take_piece(const void *owner, const void *piece);
void tare__record_piece_resized(struct tare__entry entry, const void *owner, const void *piece, struct tare__block old,
                                const void *fresh, size_t size);

/* A block or piece has ended, or so many pieces of one birth, of old.size bytes in all.
 * One that is not known ends all the same: the call counts. block is NULL where its end
 * is told otherwise. */
void tare__record_ended(struct tare__entry entry, const void *block, struct tare__block old, uint64_t pieces);

#endif
