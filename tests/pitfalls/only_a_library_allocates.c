/* SPDX-License-Identifier: MIT */
/* Pitfall 8: a program that itself never calls malloc, so that no archive
 * member with malloc is needed for it. What its library allocates is counted. */
#include <stddef.h>
#include <tare/tare.h>

#include "check.h"

void *module_allocate(size_t size);
void module_free(void *block);

int main(void)
{
    CHECK_CONTAINS(tare_link_mode(), "static");
    tare_stats stats;
    tare_measure(&stats) {
        module_free(module_allocate(10));
        module_free(module_allocate(20));
    }
    CHECK_EQUAL(stats.allocations, 2);
    CHECK_EQUAL(stats.deallocations, 2);
    CHECK_EQUAL(stats.bytes_allocated, 30);
    CHECK_EQUAL(stats.peak_bytes, 20);
    CHECK_EQUAL(stats.inexact, 0);
    return 0;
}
