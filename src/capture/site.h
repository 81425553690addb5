/* SPDX-License-Identifier: MIT */
/*
 * Sites: what one call stack did while one set of scopes was open (pieces.h).
 *
 * A call finds its site by the stack's innermost frame, which remembers the site
 * that it was last asked for. A block's birth is its site, so freeing the block
 * leads back to it.
 *
 * When its set of scopes has ended, a site starts from 0, and is found again by the next
 * scope that is given the same number: one that is opened again and again makes sites
 * once. Where too many lie idle, they are used for other stacks.
 *
 * Who writes: the calls whose set of open scopes is the site's. Where those are of
 * one thread alone, that is one thread; where they span threads, by atomic
 * operations once there are several. All other calls on its blocks go to
 * elsewhere_*, atomically.
 *
 * The share at a scope's peak is found without looking at all sites whenever the net
 * rises: a site notes what it holds before that changes, and which peak the scope has
 * then (peak_at, in bytes of net since the scope's start, which only ever rises). If
 * that is still the scope's peak in the end, what was noted was held at the peak; and
 * if another is, nothing has changed since that one. A site has one such note for each
 * scope of its set, the one for the oldest in the site itself. Between threads the
 * order of net, peak and note is not kept; then the shares do not add up to the peak,
 * and whoever reads them says so.
 */
#ifndef TARE__SITE_H
#define TARE__SITE_H

#include "birth.h"
#include "callstack.h"
#include "capture_pieces.h"
#include "thread.h"

struct tare__peak_note { /* as in struct tare__site */
    int64_t peak_at;
    int64_t peak_blocks;
    int64_t peak_bytes;
};

enum tare__site_state {
    TARE__SITE_IDLE,   /* all 0 */
    TARE__SITE_ACTIVE, /* among those of its scopes (birth.h) */
    TARE__SITE_GIVEN   /* not in the table */
};

/* What the process that writes keeps in a site: its owner_private. */
struct tare__site_own {
    struct tare__peak_note *notes; /* of all scopes but the oldest, the newest first */
    uint32_t notes_most;
    uint32_t state; /* enum tare__site_state */
    uint32_t next_in_place;
    uint32_t next_of_scopes;
    uint64_t unused;
};
_Static_assert(sizeof(struct tare__site_own) == sizeof((struct tare__site *)0)->owner_private, "it fits");

TARE__INLINE struct tare__site_own *tare__site_own(const struct tare__site *site)
{
    return (struct tare__site_own *)(uintptr_t)site->owner_private;
}

/* The birth of a block that the calling thread makes now, by a call that counts:
 * a site of the stack from frame on, or scopes themselves where none are collected,
 * or there is no room. Within a recording. */
uint32_t tare__site_here(struct tare__hot *hot, uint32_t scopes, uintptr_t frame);

/* The same by a hook itself (TARE__CALLER), where sites are collected: in half the time. */
uint32_t tare__site_of(struct tare__hot *hot, struct tare__caller caller);

/* What follows, for a set of several scopes. */
void tare__site_note_peaks(struct tare__site *site);

/* Before the net and what the site holds change, in a call of just its scopes. */
TARE__INLINE void tare__site_note_peak(struct tare__hot *hot, struct tare__site *site)
{
    if (TARE__UNLIKELY(hot->only_era == NULL)) {
        tare__site_note_peaks(site);
        return;
    }
    int64_t peak = tare__era_peak(hot->only_era);
    if (TARE__LOAD(site->peak_at) == peak)
        return;
    TARE__STORE(site->peak_blocks, TARE__LOAD(site->live_blocks) - TARE__LOAD(site->elsewhere_blocks));
    TARE__STORE(site->peak_bytes, TARE__LOAD(site->live_bytes) - TARE__LOAD(site->elsewhere_bytes));
    TARE__STORE(site->peak_at, peak);
}

#define TARE__SITE_ADD(hot, field, amount)                                                                             \
    do {                                                                                                               \
        if ((hot)->shares == NULL || tare__os_single_threaded())                                                       \
            TARE__ADD(field, amount);                                                                                  \
        else                                                                                                           \
            __atomic_add_fetch(&(field), (amount), __ATOMIC_RELAXED);                                                  \
    } while (false)

/* Adds an allocation, a deallocation and a reallocation's growth to a site whose
 * scopes are the thread's. Between tare__record_begin and _end. */
TARE__INLINE void tare__site_allocated(struct tare__hot *hot, struct tare__site *site, const void *block, size_t size)
{
    TARE__SITE_ADD(hot, site->allocations, 1);
    TARE__SITE_ADD(hot, site->bytes_allocated, size);
    TARE__SITE_ADD(hot, site->live_blocks, 1);
    TARE__SITE_ADD(hot, site->live_bytes, (int64_t)size);
    hot->last = block;
}

TARE__INLINE void tare__site_deallocated(struct tare__hot *hot, struct tare__site *site, const void *block, size_t size)
{
    TARE__SITE_ADD(hot, site->live_blocks, -1);
    TARE__SITE_ADD(hot, site->live_bytes, -(int64_t)size);
    if (hot->last == block) {
        TARE__SITE_ADD(hot, site->temporary, 1);
        hot->last = NULL;
    }
}

/* Adds a reallocation by a call from the stack of `site`. Within a recording. */
void tare__site_reallocated(struct tare__hot *hot, struct tare__site *site, int64_t growth);

/* A call on blocks of a birth that is not the thread's present set of scopes: what
 * it took off. Any birth. Before the net changes. */
void tare__site_elsewhere(uint32_t birth, int64_t blocks, int64_t bytes);

/* What a site held at the peak of one of its scopes, which is open. */
struct tare__peak_note tare__site_share(const struct tare__site *site, const struct tare__era *era);

/* Makes sites follow births. Once, at the start. */
void tare__sites_start(void);

/* In a child of fork whose pieces have left its parent's file: none of those is used
 * for another stack. `whole`: they are as they were at the fork; else they are left to the
 * blocks that were born there. */
void tare__sites_leave_file(bool whole);

#endif
