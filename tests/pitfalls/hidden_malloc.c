/* SPDX-License-Identifier: MIT */
/* Pitfall 9: see hidden_malloc.sh. The argument: attached, hidden (expects each
 * function to say so) or unhandled (the default handler must end the program). */
#include <stdlib.h>
#include <tare/tare.h>

#include "check.h"

static int error;

static void note(const tare_failure *failure, void *context)
{
    (void)context;
    error = failure->error;
}

static void expect_nothing_measured(const tare_stats *stats)
{
    CHECK_EQUAL(error, TARE_ERROR_NOT_ATTACHED);
    CHECK(stats->inexact & TARE_INEXACT_NOT_ATTACHED);
    CHECK_EQUAL(stats->allocations, -1);
    CHECK_EQUAL(stats->leaked_bytes, -1);
    error = 0;
}

static void allocate(void *unused)
{
    (void)unused;
    free(malloc(10));
}

int main(int count, char **arguments)
{
    CHECK(count == 2);
    bool hidden = strcmp(arguments[1], "hidden") == 0;
    tare_stats stats;
    if (hidden)
        tare_set_failure_handler(note, NULL, NULL, NULL);
    tare_measure(&stats) {
        free(malloc(10));
    }
    if (!hidden) {
        CHECK_EQUAL(stats.allocations, 1);
        return 0;
    }
    expect_nothing_measured(&stats);
    stats = tare_measured(allocate, NULL);
    expect_nothing_measured(&stats);
    CHECK(tare_open(.domain = TARE_PROCESS) == NULL);
    CHECK_EQUAL(error, TARE_ERROR_NOT_ATTACHED);
    CHECK(!tare_is_attached());
    return 0;
}
