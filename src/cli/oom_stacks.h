/* SPDX-License-Identifier: MIT */
/* The call stacks of a sweep, in words. */
#ifndef TARE__OOM_STACKS_H
#define TARE__OOM_STACKS_H

#include "oom.h"
#include "snapshot.h"
#include "stack_view.h"

struct tare__oom_stacks {
    struct tare__process process; /* only its origins */
    uint32_t *points;             /* by a point's number: its innermost frame; 0 where it was not wanted */
    uint32_t *crashes;            /* by a point's number and mode: where that run crashed */
};

/* Of the points that were chosen, and of what their runs name. Leaks of libc's own pools, which no failure
 * gives back, are taken out of the runs. 0 or an errno. Free it in every case. */
int tare__oom_stacks_make(struct tare__oom_stacks *stacks, struct tare__oom *oom);
void tare__oom_stacks_free(struct tare__oom_stacks *stacks);

static inline uint32_t tare__oom_crash(const struct tare__oom_stacks *stacks, uint32_t point, int mode)
{
    return stacks->crashes[point * TARE__FAULT_MODES + (uint32_t)mode];
}

#endif
