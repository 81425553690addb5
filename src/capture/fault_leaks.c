/* SPDX-License-Identifier: MIT */
/* By call stack, and not by sums: what a failure spares must not make up for what it leaks. A stack has a
 * site for each set of scopes, so those come together first. */
#include "fault_leaks.h"

#include "capture_pieces.h"
#include "fault_points.h"
#include "site.h"

struct looking {
    struct tare__faults *faults;
    const struct tare__era *era;
};

static void look_at_site(uint32_t unused, struct tare__site *site, void *context)
{
    (void)unused;
    struct looking *looking = context;
    int64_t blocks = TARE__LOAD(site->live_blocks) - TARE__LOAD(site->elsewhere_blocks);
    if (blocks <= 0 || site->scopes == TARE__SCOPES_RUNTIME)
        return;
    if (looking->era != NULL && !tare__born_in(site->scopes, looking->era))
        return;
    const struct tare__fault_caller caller = tare__fault_caller_of(TARE__LOAD(site->stack));
    if (caller.place >= TARE__FAULT_IN_LOADER)
        return;
    bool made;
    struct tare__fault_point *point = tare__fault_point(looking->faults, &caller, caller.id, 0, 0, &made);
    if (point == NULL)
        return;
    point->now_blocks += blocks;
    point->now_bytes += TARE__LOAD(site->live_bytes) - TARE__LOAD(site->elsewhere_bytes);
}

static void add(struct tare__fault_run *run, uint32_t number, const struct tare__fault_point *point)
{
    const struct tare__fault_leak leak = {number, point->now_blocks - point->left_blocks,
                                          point->now_bytes - point->left_bytes};
    run->leaked_blocks += leak.blocks;
    run->leaked_bytes += leak.bytes;
    if (run->leak_count < TARE__FAULT_LEAKS)
        run->leaks[run->leak_count] = leak;
    run->leak_count++;
}

void tare__fault_leaks(struct tare__faults *faults, struct tare__fault_run *run, const struct tare__era *era)
{
    struct looking looking = {faults, era};
    for (uint32_t i = 0; i < faults->point_count; i++)
        faults->points[i].now_blocks = faults->points[i].now_bytes = 0;
    if (run != NULL)
        run->leaked_blocks = run->leaked_bytes = run->leak_count = 0;
    uint64_t blocked = tare__pieces_begin();
    tare__site_each(look_at_site, &looking);
    tare__pieces_end(blocked);
    for (uint32_t i = 0; i < faults->point_count; i++) {
        struct tare__fault_point *point = &faults->points[i];
        if (run == NULL) {
            point->left_blocks = point->now_blocks;
            point->left_bytes = point->now_bytes;
        } else if (point->now_blocks > point->left_blocks) {
            add(run, i, point);
        }
    }
}
