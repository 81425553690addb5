/* SPDX-License-Identifier: MIT */
/*
 * Each thread sets a point each `every` of its own allocations, so the distance is
 * that on the whole, too. When the room is full every second point goes, and `every`
 * doubles. Nobody waits: a point that another thread keeps from being set is missing.
 */
#include "timeline.h"

#include "os.h"

#define EVERY_FIRST 16u /* a power of two */

static uint32_t busy;

static void drop_every_second(struct tare__timeline *line)
{
    TARE__STORE(line->writing, 1);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    for (uint32_t i = 0; i < TARE__TIMELINE_POINTS / 2; i++)
        line->points[i] = line->points[2 * i + 1];
    TARE__STORE(line->every, line->every * 2);
    TARE__STORE(line->count, TARE__TIMELINE_POINTS / 2);
    __atomic_store_n(&line->writing, 0, __ATOMIC_RELEASE);
}

TARE__COLD void tare__timeline_point(void)
{
    struct tare__store *store = tare__store;
    struct tare__timeline *line = &store->timeline;
    if (__atomic_exchange_n(&busy, 1, __ATOMIC_ACQUIRE) != 0)
        return; /* or a signal handler has jumped out of here: then this was the last one */
    if (line->count == TARE__TIMELINE_POINTS)
        drop_every_second(line);
    uint64_t now = tare__os_wall_clock_ns();
    int64_t peak = TARE__LOAD(store->shared.peak), before = TARE__LOAD(store->run_peak);
    line->points[line->count] = (struct tare__point){
        .time_ns = now > store->started_ns ? now - store->started_ns : 0,
        .live_bytes = TARE__LOAD(store->shared.net),
        .peak_bytes = peak > before ? peak : before,
    };
    __atomic_store_n(&line->count, line->count + 1, __ATOMIC_RELEASE);
    __atomic_store_n(&busy, 0, __ATOMIC_RELEASE);
}

void tare__timeline_start(struct tare__store *store)
{
    store->timeline.every = EVERY_FIRST;
    busy = 0;
}
