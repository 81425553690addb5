/* SPDX-License-Identifier: MIT */
/* Pieces that tare has no memory to remember count all the same, and the result
 * says that they are lost. */
#include <stdlib.h>
#include <sys/resource.h>
#include <tare/allocator.h>

#include "check.h"

enum { PIECES = 2000000, BEFORE = 100000 };
static char memory[PIECES];

int main(void)
{
    struct rlimit limit;
    tare_stats stats, later;
    tare_scope *scope = tare_open();
    for (int i = 0; i < BEFORE; i++)
        tare_note_alloc(memory + i, 10);
    CHECK(getrlimit(RLIMIT_AS, &limit) == 0);
    limit.rlim_cur = 0;
    CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
    for (int i = BEFORE; i < PIECES; i++)
        tare_note_alloc(memory + i, 10);
    CHECK_EQUAL(tare_read(scope, &stats), 0);
    CHECK_EQUAL(stats.allocations, PIECES);
    CHECK_EQUAL(stats.bytes_allocated, 10 * PIECES);
    CHECK_EQUAL(stats.inexact, TARE_INEXACT_LOST);
    tare_note_free_all(memory, PIECES);
    CHECK_EQUAL(tare_close(scope, &later), 0);
    CHECK(later.deallocations >= BEFORE && later.deallocations < PIECES);
    CHECK_EQUAL(later.bytes_deallocated, 10 * later.deallocations);

    /* Where there is memory again, so is exactness. */
    limit.rlim_cur = limit.rlim_max;
    CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
    tare_measure(&stats) {
        for (int i = 0; i < PIECES; i++)
            tare_note_alloc(memory + i, 10);
        tare_note_free_all(memory, PIECES);
    }
    CHECK_EQUAL(stats.inexact, 0);
    CHECK_EQUAL(stats.deallocations, PIECES);
    return 0;
}
