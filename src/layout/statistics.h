/* SPDX-License-Identifier: MIT */
/* From counters to statistics: the one place that says how, for a scope in its
 * process and for a store that is read from outside. */
#ifndef TARE__STATISTICS_LAYOUT_H
#define TARE__STATISTICS_LAYOUT_H

#include <tare/tare.h>

#include "store.h"

static inline int64_t tare__net_of(const struct tare__counters *counters)
{
    return (int64_t)(counters->bytes_allocated - counters->bytes_deallocated);
}

/* Blocks born where these calls were counted that had not ended there. */
static inline int64_t tare__born_and_kept(const struct tare__counters *sum, struct tare__foreign foreign)
{
    return (int64_t)(sum->allocations - sum->deallocations) + foreign.blocks;
}

/* Threads are asked one after the other, and a program may be killed in the
 * middle of a call. What passes from one thread that was asked to one that was
 * not yet, or half a call, could make less than nothing of a peak or a leak. */
static inline uint64_t tare__at_least(int64_t least, int64_t figure)
{
    return (uint64_t)(figure > least ? figure : least);
}

/* foreign: those of the calls that concern blocks born elsewhere. elsewhere:
 * calls counted elsewhere on blocks born here. inexact: what no counter says. */
static inline tare_stats tare__statistics_from(const struct tare__counters *sum, struct tare__foreign foreign,
                                               struct tare__foreign elsewhere, int64_t peak, uint32_t inexact)
{
    int64_t net = tare__net_of(sum);
    inexact |= sum->unknown_blocks != 0 ? TARE_INEXACT_UNKNOWN_BLOCK : 0u;
    inexact |= sum->lost_blocks != 0 ? TARE_INEXACT_LOST : 0u;
    inexact |= sum->reentered_calls != 0 ? TARE_INEXACT_REENTERED : 0u;
    tare_stats stats = {
        .allocations = sum->allocations,
        .deallocations = sum->deallocations,
        .reallocations = sum->reallocations,
        .bytes_allocated = sum->bytes_allocated,
        .bytes_deallocated = sum->bytes_deallocated,
        .bytes_reallocated = (int64_t)sum->bytes_reallocated,
        .peak_bytes = tare__at_least(net > 0 ? net : 0, peak),
        .leaked_allocations = tare__at_least(0, tare__born_and_kept(sum, foreign) - elsewhere.blocks),
        .leaked_bytes = tare__at_least(0, net - foreign.bytes + elsewhere.bytes),
        .failed_allocations = sum->failed_allocations,
        .inexact = inexact,
    };
    return stats;
}

#endif
