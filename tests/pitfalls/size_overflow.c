/* SPDX-License-Identifier: MIT */
/* Pitfall 36: count * size that does not fit. calloc and reallocarray return
 * NULL with ENOMEM, the old block lives on, and the call is a failed one. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <tare/tare.h>

#include "check.h"

/* The compiler must not know them, or it warns and folds. */
static volatile size_t counts[] = {SIZE_MAX, SIZE_MAX / 2 + 1, (size_t)1 << 32, 3};
static volatile size_t sizes[] = {2, 2, (size_t)1 << 32, SIZE_MAX / 3 + 1};
enum { PRODUCTS = 4 };

static void check_failed(const tare_stats *stats)
{
    CHECK_EQUAL(stats->inexact, 0);
    CHECK_EQUAL(stats->failed_allocations, 1);
    CHECK_EQUAL(stats->allocations, 0);
    CHECK_EQUAL(stats->deallocations, 0);
    CHECK_EQUAL(stats->reallocations, 0);
    CHECK_EQUAL(stats->bytes_allocated, 0);
    CHECK_EQUAL(stats->bytes_deallocated, 0);
    CHECK_EQUAL(stats->peak_bytes, 0);
    CHECK_EQUAL(stats->leaked_allocations, 0);
}

int main(void)
{
    for (int i = 0; i < PRODUCTS; i++) {
        tare_stats stats;
        void *block = &stats;
        errno = 0;
        tare_measure(&stats)
            block = calloc(counts[i], sizes[i]);
        CHECK(block == NULL);
        CHECK_EQUAL(errno, ENOMEM);
        check_failed(&stats);

        errno = 0;
        tare_measure(&stats)
            block = reallocarray(NULL, counts[i], sizes[i]);
        CHECK(block == NULL);
        CHECK_EQUAL(errno, ENOMEM);
        check_failed(&stats);

        char *old = malloc(40);
        CHECK(old != NULL);
        memset(old, 'x', 40);
        errno = 0;
        tare_measure(&stats)
            block = reallocarray(old, counts[i], sizes[i]);
        CHECK(block == NULL);
        CHECK_EQUAL(errno, ENOMEM);
        check_failed(&stats);
        CHECK_EQUAL(old[39], 'x');
        tare_measure(&stats)
            free(old);
        CHECK_EQUAL(stats.inexact, 0); /* it is still known, with its size */
        CHECK_EQUAL(stats.bytes_deallocated, 40);
    }

    /* A block of this very scope, and a size that nobody has. */
    tare_stats stats;
    void *block = NULL;
    static volatile size_t too_much = SIZE_MAX / 2;
    tare_measure(&stats) {
        void *old = malloc(40);
        CHECK(reallocarray(old, counts[0], sizes[0]) == NULL);
        CHECK(realloc(old, too_much) == NULL);
        CHECK(malloc(too_much) == NULL && calloc(too_much, 1) == NULL && aligned_alloc(64, too_much) == NULL);
        free(old);
    }
    CHECK_EQUAL(stats.inexact, 0);
    CHECK_EQUAL(stats.failed_allocations, 5);
    CHECK_EQUAL(stats.allocations, 1);
    CHECK_EQUAL(stats.deallocations, 1);
    CHECK_EQUAL(stats.reallocations, 0);
    CHECK_EQUAL(stats.bytes_deallocated, 40);
    CHECK_EQUAL(stats.peak_bytes, 40);
    CHECK_EQUAL(stats.leaked_allocations, 0);

    /* The largest products that do fit are no overflow: 0 times anything. */
    tare_measure(&stats)
        block = calloc(0, counts[0]);
    CHECK(block != NULL);
    CHECK_EQUAL(stats.allocations, 1);
    CHECK_EQUAL(stats.bytes_allocated, 0);
    free(block);
    return 0;
}
