/* SPDX-License-Identifier: MIT */
/* By call stack, and not by sums: what a failure spares must not make up for what it leaks. */
#include "fault_leaks.h"

#include "capture_pieces.h"
#include "fault_points.h"
#include "site.h"

struct leaks {
    struct tare__faults *faults;
    struct tare__fault_run *run;
};

static void add(struct leaks *leaks, const struct tare__fault_point *point, int64_t blocks, int64_t bytes)
{
    struct tare__fault_run *run = leaks->run;
    run->leaked_blocks += blocks;
    run->leaked_bytes += bytes;
    if (run->leak_count < TARE__FAULT_LEAKS)
        run->leaks[run->leak_count] =
            (struct tare__fault_leak){(uint32_t)(point - leaks->faults->points), blocks, bytes};
    run->leak_count++;
}

static void look_at_site(uint32_t unused, struct tare__site *site, void *context)
{
    (void)unused;
    struct leaks *leaks = context;
    int64_t blocks = TARE__LOAD(site->live_blocks) - TARE__LOAD(site->elsewhere_blocks);
    int64_t bytes = TARE__LOAD(site->live_bytes) - TARE__LOAD(site->elsewhere_bytes);
    if (blocks <= 0 || site->scopes == TARE__SCOPES_RUNTIME)
        return;
    const struct tare__fault_caller caller = tare__fault_caller_of(TARE__LOAD(site->stack));
    if (caller.place >= TARE__FAULT_IN_LOADER)
        return;
    bool made;
    struct tare__fault_point *point = tare__fault_point(leaks->faults, &caller, caller.id, 0, 0, &made);
    if (point == NULL)
        return;
    if (leaks->run == NULL) {
        point->left_blocks += blocks;
        point->left_bytes += bytes;
    } else if (blocks > point->left_blocks) {
        add(leaks, point, blocks - point->left_blocks, bytes - point->left_bytes);
    }
}

void tare__fault_leaks(struct tare__faults *faults, struct tare__fault_run *run)
{
    struct leaks leaks = {faults, run};
    if (run != NULL)
        run->leaked_blocks = run->leaked_bytes = run->leak_count = 0;
    uint64_t blocked = tare__pieces_begin();
    tare__site_each(look_at_site, &leaks);
    tare__pieces_end(blocked);
}
