/* SPDX-License-Identifier: MIT */
/* Pitfall 40: malloc(0) makes a block that lives, leaks and is freed like any
 * other; free(NULL) ends none. */
#include <malloc.h>
#include <stdlib.h>
#include <tare/tare.h>

#include "check.h"

static volatile size_t zero;

int main(void)
{
    tare_stats stats;
    void *blocks[6] = {NULL};
    tare_measure(&stats) {
        blocks[0] = malloc(zero);
        blocks[1] = calloc(zero, 8);
        blocks[2] = calloc(8, zero);
        blocks[3] = realloc(NULL, zero);
        blocks[4] = aligned_alloc(64, zero);
        blocks[5] = reallocarray(NULL, zero, zero);
    }
    CHECK_EQUAL(stats.inexact, 0);
    CHECK_EQUAL(stats.allocations, 6);
    CHECK_EQUAL(stats.bytes_allocated, 0);
    CHECK_EQUAL(stats.peak_bytes, 0);
    CHECK_EQUAL(stats.leaked_allocations, 6);
    CHECK_EQUAL(stats.leaked_bytes, 0);
    CHECK_EQUAL(stats.failed_allocations, 0);

    tare_measure(&stats) {
        for (int i = 0; i < 6; i++)
            free(blocks[i]);
    }
    CHECK_EQUAL(stats.inexact, 0); /* each was known as a live block */
    CHECK_EQUAL(stats.deallocations, 6);
    CHECK_EQUAL(stats.bytes_deallocated, 0);

    tare_measure(&stats) {
        void *block = malloc(zero);
        block = realloc(block, 10);
        free(block);
    }
    CHECK_EQUAL(stats.allocations, 1);
    CHECK_EQUAL(stats.reallocations, 1);
    CHECK_EQUAL(stats.bytes_reallocated, 10);
    CHECK_EQUAL(stats.deallocations, 1);
    CHECK_EQUAL(stats.leaked_allocations, 0);

    void *volatile nothing = NULL;
    tare_measure(&stats) {
        free(nothing);
        CHECK_EQUAL(malloc_usable_size(nothing), 0);
    }
    CHECK_EQUAL(stats.inexact, 0);
    CHECK_EQUAL(stats.deallocations, 0);
    CHECK_EQUAL(stats.bytes_deallocated, 0);
    return 0;
}
