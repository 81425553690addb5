/* SPDX-License-Identifier: MIT */
/* Pitfall 3: two spellings that compilers exchange for others. Figures count
 * allocations, whichever function makes them. */
#include <stdlib.h>
#include <string.h>
#include <tare/tare.h>

#include "check.h"

static void *volatile sink;

static __attribute__((noinline)) void *zeroed(size_t size)
{
    void *block = malloc(size);
    if (block != NULL)
        memset(block, 0, size);
    return block;
}

static __attribute__((noinline)) void *fresh(size_t size)
{
    return realloc(NULL, size);
}

static void expect_one(void *(*make)(size_t), size_t size)
{
    tare_stats stats;
    tare_measure(&stats) {
        sink = make(size);
    }
    CHECK_EQUAL(stats.allocations, 1);
    CHECK_EQUAL(stats.reallocations, 0);
    CHECK_EQUAL(stats.bytes_allocated, size);
    CHECK_EQUAL(stats.bytes_reallocated, 0);
    CHECK_EQUAL(stats.peak_bytes, size);
    CHECK_EQUAL(stats.inexact, 0);
    free(sink);
}

int main(void)
{
    expect_one(zeroed, 64);
    expect_one(fresh, 48);
    return 0;
}
