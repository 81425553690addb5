/* SPDX-License-Identifier: MIT */
/* The timeline of a recorded run: live bytes now and then, in bounded space
 * (pieces.h). */
#ifndef TARE__TIMELINE_H
#define TARE__TIMELINE_H

#include "capture_store.h"

/* Whether a thread that has counted so many allocations is to set a point. */
TARE__INLINE bool tare__timeline_is_due(uint64_t allocations)
{
    return (allocations & (TARE__LOAD(tare__store->timeline.every) - 1)) == 0;
}

/* Sets one, unless another thread is at it. Within a recording. */
void tare__timeline_point(void);

/* Before the first. */
void tare__timeline_start(struct tare__store *store);

#endif
