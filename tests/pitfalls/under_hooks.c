/* SPDX-License-Identifier: MIT */
/* Pitfall 14: runs with hostile_hooks before tare. None of the hooks is called
 * by what tare does, at start and after it; the program's figures are its own. */
#include <fcntl.h>
#include <stdlib.h>
#pragma weak tare_open_with
#pragma weak tare_close
#include <tare/tare.h>

#include "check.h"

extern int hostile_calls __attribute__((weak));

static void *volatile kept;

int main(void)
{
    CHECK(&hostile_calls != NULL);
    CHECK(tare_open_with != NULL);
    CHECK_EQUAL(hostile_calls, 0);

    tare_scope *scope = tare_open(.domain = TARE_PROCESS);
    for (int i = 0; i < 20; i++) {
        kept = malloc((size_t)70 << 20); /* its own part of the block map each */
        kept = realloc(kept, (size_t)200 << 20);
        free(kept);
    }
    tare_stats stats;
    CHECK_EQUAL(tare_close(scope, &stats), 0);
    CHECK_EQUAL(hostile_calls, 0);
    CHECK_EQUAL(stats.inexact, 0);
    CHECK_EQUAL(stats.allocations, 20);
    CHECK_EQUAL(stats.reallocations, 20);
    CHECK_EQUAL(stats.deallocations, 20);

    /* The hooks work: one call of this program's own. */
    scope = tare_open();
    close(open("/dev/null", O_RDONLY));
    CHECK_EQUAL(tare_close(scope, &stats), 0);
    CHECK_EQUAL(hostile_calls, 2);
    CHECK_EQUAL(stats.allocations, 2);
    CHECK_EQUAL(stats.bytes_allocated, 2000);
    return 0;
}
