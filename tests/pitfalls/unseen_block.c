/* SPDX-License-Identifier: MIT */
/* Pitfall 16: a block that tare never saw allocated, here of glibc's allocator
 * directly. It is freed and resized as it should be, and the result says that
 * its bytes are missing: a wrong figure never passes as an exact one. */
#include <stdlib.h>
#include <tare/tare.h>

#include "check.h"

extern void *__libc_malloc(size_t size) __attribute__((weak));

int main(void)
{
    if (__libc_malloc == NULL)
        SKIP("a libc that exports __libc_malloc is missing (glibc)");
    tare_stats stats;
    tare_measure(&stats) {
        char *block = __libc_malloc(1000);
        CHECK(block != NULL);
        free(block);
        free(malloc(10));
    }
    CHECK_EQUAL(stats.inexact, TARE_INEXACT_UNKNOWN_BLOCK);
    CHECK_EQUAL(stats.allocations, 1);
    CHECK_EQUAL(stats.deallocations, 2);
    CHECK_EQUAL(stats.bytes_allocated, 10);
    CHECK_EQUAL(stats.bytes_deallocated, 10);
    CHECK_EQUAL(stats.peak_bytes, 10);

    char *moved = NULL;
    tare_measure(&stats) {
        char *block = __libc_malloc(100);
        CHECK(block != NULL);
        memset(block, 'x', 100);
        moved = realloc(block, 100000);
        CHECK(moved != NULL);
    }
    for (int i = 0; i < 100; i++)
        CHECK(moved[i] == 'x');
    CHECK_EQUAL(stats.inexact, TARE_INEXACT_UNKNOWN_BLOCK);
    CHECK_EQUAL(stats.allocations, 0);
    CHECK_EQUAL(stats.reallocations, 1);
    CHECK_EQUAL(stats.bytes_allocated, 0);
    CHECK_EQUAL(stats.bytes_reallocated, 0);

    /* Resized, it is known. */
    tare_measure(&stats) {
        free(moved);
    }
    CHECK_EQUAL(stats.inexact, 0);
    CHECK_EQUAL(stats.deallocations, 1);
    CHECK_EQUAL(stats.bytes_deallocated, 100000);
    return 0;
}
