/* SPDX-License-Identifier: MIT */
/* Pitfall 39: free leaves errno alone (glibc since 2.33), whichever way of
 * tare's a call takes: nobody measuring, measuring, a block of before, a block
 * of a scope that is closed, a large block that is unmapped, the first call of
 * a thread, and a scope over all threads. */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <tare/tare.h>

#include "check.h"

enum { SMALL = 40, MAPPED = 8 * 1024 * 1024 };

static void check_free(void *block)
{
    errno = 77;
    free(block);
    CHECK_EQUAL(errno, 77);
}

static void check_frees(void *argument)
{
    (void)argument;
    check_free(NULL);
    check_free(malloc(0));
    check_free(malloc(SMALL));
    check_free(malloc(MAPPED));
    check_free(aligned_alloc(4096, 4096));
}

static void *in_thread(void *block)
{
    check_free(block);
    check_frees(NULL);
    return NULL;
}

int main(void)
{
    check_frees(NULL);
    tare_stats stats = tare_measured(check_frees, NULL);
    CHECK_EQUAL(stats.deallocations, 4);

    void *small = malloc(SMALL), *mapped = malloc(MAPPED);
    tare_measure(&stats) {
        check_free(small);
        check_free(mapped);
        small = malloc(SMALL);
        mapped = malloc(MAPPED);
    }
    CHECK_EQUAL(stats.leaked_allocations, 2);
    check_free(small); /* the closed scope's last blocks: it is given back here */
    check_free(mapped);

    tare_scope *process = tare_open(.domain = TARE_PROCESS);
    for (int i = 0; i < 2; i++) {
        pthread_t thread;
        CHECK_EQUAL(pthread_create(&thread, NULL, in_thread, malloc(SMALL)), 0);
        CHECK_EQUAL(pthread_join(thread, NULL), 0);
        if (i == 0)
            CHECK_EQUAL(tare_close(process, &stats), 0);
    }
    CHECK(stats.deallocations >= 5);
    return 0;
}
