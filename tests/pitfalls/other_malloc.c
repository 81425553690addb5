/* SPDX-License-Identifier: MIT */
/*
 * A program with a malloc of its own ahead of tare's (bump.c, linked into it):
 * every way to measure fails loudly with NOT_ATTACHED, and no figure is ever 0.
 */
#include <stdlib.h>

#include <tare/tare.h>

#include "bump.h"
#include "check.h"

static int failures;

static void expect_not_attached(const tare_failure *failure, void *context)
{
    (void)context;
    CHECK_EQUAL(failure->error, TARE_ERROR_NOT_ATTACHED);
    CHECK_CONTAINS(failure->message, "not attached");
    failures++;
}

static void check_stats(const tare_stats *stats)
{
    CHECK_EQUAL(stats->inexact, TARE_INEXACT_NOT_ATTACHED);
#define ALL_BITS_SET(type, name, unit, text) CHECK(stats->name == (type)-1);
    TARE_STATISTICS(ALL_BITS_SET)
#undef ALL_BITS_SET
}

static void allocate(void *unused)
{
    (void)unused;
    free(malloc(10));
}

int main(void)
{
    tare_stats stats;
    CHECK(!tare_is_attached());
    tare_set_failure_handler(expect_not_attached, NULL, NULL, NULL);
    for (int i = 1; i <= 3; i++) {
        static const tare_domain domains[] = {TARE_THREAD, TARE_PROCESS, TARE_THREAD};
        tare_measure(&stats, .domain = domains[i - 1])
            free(malloc(1));
        CHECK_EQUAL(failures, 4 * i - 3);
        check_stats(&stats);
        stats = tare_measured(allocate, NULL);
        CHECK_EQUAL(failures, 4 * i - 2);
        check_stats(&stats);
        CHECK(tare_open(.domain = domains[i - 1]) == NULL);
        CHECK_EQUAL(failures, 4 * i - 1);
        tare_expect_no_allocations()
            allocate(NULL);
        CHECK_EQUAL(failures, 4 * i);
    }
    CHECK(bump_calls > 0);
    return 0;
}
