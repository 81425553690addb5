/* SPDX-License-Identifier: MIT */
/* By call stack, and not by sums: what a failure spares must not make up for what it leaks. A stack has a
 * site for each set of scopes, so those come together first. It takes as long as there are sites, and not
 * as there are points: each copy of a process does so at its end. */
#include "fault_leaks.h"

#include "capture_pieces.h"
#include "fault_points.h"
#include "site.h"

struct looking {
    struct tare__faults *faults;
    struct tare__fault_run *run;
    const struct tare__era *era;
    uint64_t time_ns; /* of points that were come to by now */
};

/* The point of a site that has something left; NULL for others. */
static struct tare__fault_point *point_of(const struct looking *looking, const struct tare__site *site, int64_t *blocks)
{
    *blocks = TARE__LOAD(site->live_blocks) - TARE__LOAD(site->elsewhere_blocks);
    if (*blocks <= 0 || site->scopes == TARE__SCOPES_RUNTIME)
        return NULL;
    if (looking->era != NULL && !tare__born_in(site->scopes, looking->era))
        return NULL;
    const struct tare__fault_caller caller = tare__fault_caller_of(TARE__LOAD(site->stack));
    bool made;
    return caller.place < TARE__FAULT_IN_LOADER ? tare__fault_point(looking->faults, &caller, caller.id, 0, 0, &made)
                                                : NULL;
}

/* What a process that was killed in here has left in the point belongs to another time. */
static void add_site(uint32_t unused, struct tare__site *site, void *context)
{
    (void)unused;
    const struct looking *looking = context;
    int64_t blocks;
    struct tare__fault_point *point = point_of(looking, site, &blocks);
    if (point == NULL)
        return;
    if (point->looked_at_ns != looking->time_ns)
        point->now_blocks = point->now_bytes = 0;
    point->looked_at_ns = looking->time_ns;
    point->now_blocks += blocks;
    point->now_bytes += TARE__LOAD(site->live_bytes) - TARE__LOAD(site->elsewhere_bytes);
}

static void add_leak(const struct looking *looking, const struct tare__fault_point *point)
{
    struct tare__fault_run *run = looking->run;
    const struct tare__fault_leak leak = {(uint32_t)(point - looking->faults->points),
                                          point->now_blocks - point->left_blocks, point->now_bytes - point->left_bytes};
    run->leaked_blocks += leak.blocks;
    run->leaked_bytes += leak.bytes;
    if (run->leak_count < TARE__FAULT_LEAKS)
        run->leaks[run->leak_count] = leak;
    run->leak_count++;
}

/* Each point once. */
static void judge_site(uint32_t unused, struct tare__site *site, void *context)
{
    (void)unused;
    const struct looking *looking = context;
    int64_t blocks;
    struct tare__fault_point *point = point_of(looking, site, &blocks);
    if (point == NULL || point->looked_at_ns != looking->time_ns)
        return;
    point->looked_at_ns = 0;
    if (looking->run == NULL) {
        point->left_blocks = point->now_blocks;
        point->left_bytes = point->now_bytes;
    } else if (point->now_blocks > point->left_blocks) {
        add_leak(looking, point);
    }
}

void tare__fault_leaks(struct tare__faults *faults, struct tare__fault_run *run, const struct tare__era *era)
{
    struct looking looking = {faults, run, era, tare__os_clock_ns()};
    for (uint32_t i = 0; run == NULL && i < faults->point_count; i++)
        faults->points[i].left_blocks = faults->points[i].left_bytes = 0;
    if (run != NULL)
        run->leaked_blocks = run->leaked_bytes = run->leak_count = 0;
    uint64_t blocked = tare__pieces_begin();
    tare__site_each(add_site, &looking);
    tare__site_each(judge_site, &looking);
    tare__pieces_end(blocked);
}
