/* SPDX-License-Identifier: MIT */
/*
 * A task that stays open, entered again and again inside scopes that come and
 * go, costs the same in the end as at first: each of those leaves a block, so
 * the births of the task are all different, and are all kept.
 */
#include <stdlib.h>
#include <tare/tare.h>
#include <time.h>

#include "check.h"

enum { TIMES = CHECK_ROUNDS(100000), TENTH = TIMES / 10, SLACK_NS = 200000000 };

static void *kept[TIMES];

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t enter_times(int from, int to, tare_scope *task)
{
    int64_t start = now_ns();
    for (int i = from; i < to; i++) {
        tare_stats stats;
        tare_measure(&stats)
            tare_in_task(task)
                kept[i] = malloc(10);
        CHECK_EQUAL(stats.leaked_allocations, 1);
    }
    return now_ns() - start;
}

int main(void)
{
    tare_stats stats;
    tare_scope *task = tare_open(.domain = TARE_TASK);
    int64_t early_ns = enter_times(0, TENTH, task);
    enter_times(TENTH, TIMES - TENTH, task);
    int64_t late_ns = enter_times(TIMES - TENTH, TIMES, task);
    dprintf(1, "%jd ns each at first, %jd in the end\n", (intmax_t)(early_ns / TENTH), (intmax_t)(late_ns / TENTH));
    CHECK(late_ns < 3 * early_ns + SLACK_NS);
    for (int i = 0; i < TIMES; i++)
        free(kept[i]);
    CHECK_EQUAL(tare_close(task, &stats), 0);
    CHECK_EQUAL(stats.allocations, TIMES);
    CHECK_EQUAL(stats.bytes_allocated, TIMES * 10);
    CHECK_EQUAL(stats.deallocations, 0);
    CHECK_EQUAL(stats.leaked_allocations, 0);
    CHECK_EQUAL(stats.inexact, 0);
    return 0;
}
