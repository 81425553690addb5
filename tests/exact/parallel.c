/* SPDX-License-Identifier: MIT */
/* Three tests in parallel, each of which allocates nothing in its measured
 * block and something around it. One global counter, as most helpers have,
 * fails about one run in five of this. */
#include <pthread.h>
#include <stdlib.h>
#include <tare/tare.h>

#include "check.h"

static void *zero_allocation_test(void *unused)
{
    char *buffer = malloc(100);
    for (int i = 0; i < 50; i++) {
        free(malloc((size_t)i));
        tare_stats stats;
        tare_measure(&stats) {
            memset(buffer, i, 100);
        }
        CHECK_EQUAL(stats.allocations, 0);
        CHECK_EQUAL(stats.deallocations, 0);
        CHECK_EQUAL(stats.bytes_allocated, 0);
        CHECK_EQUAL(stats.inexact, 0);
    }
    free(buffer);
    return unused;
}

int main(void)
{
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        CHECK(pthread_create(&threads[i], NULL, zero_allocation_test, NULL) == 0);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    return 0;
}
