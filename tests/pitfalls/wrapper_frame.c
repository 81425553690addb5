/* SPDX-License-Identifier: MIT */
/* Pitfall 5: a wrapper that ends in a tail call. What it allocates is counted
 * whether it has a frame or not. */
#include <stdlib.h>
#include <tare/tare.h>

#include "check.h"

__attribute__((noinline)) void *wrapper(size_t size)
{
    return malloc(size);
}

int main(void)
{
    tare_stats stats;
    tare_measure(&stats) {
        for (int i = 0; i < 5; i++)
            free(wrapper(7));
    }
    CHECK_EQUAL(stats.allocations, 5);
    CHECK_EQUAL(stats.deallocations, 5);
    CHECK_EQUAL(stats.bytes_allocated, 35);
    CHECK_EQUAL(stats.inexact, 0);
    return 0;
}
