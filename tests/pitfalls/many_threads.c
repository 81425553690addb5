/* SPDX-License-Identifier: MIT */
/* 32,768 short threads: a scope over all of them is exact, and what tare keeps
 * for each is used again by the next. */
#include <pthread.h>

#include "check.h"
#include "resident.h"
#include <tare/tare.h>

enum { ROUNDS = CHECK_ROUNDS(4096), AT_ONCE = 8, WARM_UP_ROUNDS = 128, GROWTH_BYTES_MAX = 3 * 1024 * 1024 };

static void *block_of_each[AT_ONCE];

static void *live_shortly(void *place)
{
    tare_stats stats;
    tare_measure(&stats) {
        free(malloc(100));
        *(void **)place = malloc(24); /* for the main thread to free */
    }
    CHECK_EQUAL(stats.inexact, 0);
    CHECK_EQUAL(stats.allocations, 2);
    CHECK_EQUAL(stats.leaked_bytes, 24);
    return NULL;
}

int main(void)
{
    pthread_attr_t attributes;
    CHECK(pthread_attr_init(&attributes) == 0 && pthread_attr_setstacksize(&attributes, 64 * 1024) == 0);
    size_t before = 0;
    /* pthread_create allocates too: that is what the scope of this thread says. */
    tare_scope *all = tare_open(.domain = TARE_PROCESS), *mine = tare_open();
    for (int round = 0; round < ROUNDS; round++) {
        pthread_t threads[AT_ONCE];
        if (round == WARM_UP_ROUNDS)
            before = resident_bytes();
        for (int i = 0; i < AT_ONCE; i++)
            CHECK(pthread_create(&threads[i], &attributes, live_shortly, &block_of_each[i]) == 0);
        for (int i = 0; i < AT_ONCE; i++) {
            CHECK(pthread_join(threads[i], NULL) == 0);
            free(block_of_each[i]);
        }
    }
    size_t after = resident_bytes();
    tare_stats of_all, of_mine;
    CHECK(tare_close(mine, &of_mine) == 0 && tare_close(all, &of_all) == 0);
    const int64_t threads = (int64_t)ROUNDS * AT_ONCE;
    dprintf(1, "grew by %td bytes over %jd threads\n", (ptrdiff_t)(after - before), (intmax_t)threads);
    CHECK(after < before + GROWTH_BYTES_MAX);
    CHECK_EQUAL(of_all.inexact, 0);
    CHECK_EQUAL(of_all.allocations - of_mine.allocations, 2 * threads);
    CHECK_EQUAL(of_all.bytes_allocated - of_mine.bytes_allocated, 124 * threads);
    /* A thread's end frees its own dtv on some systems: at most one a thread. */
    int64_t by_threads = (int64_t)(of_all.deallocations - of_mine.deallocations);
    CHECK(by_threads >= threads && by_threads <= 2 * threads);
    CHECK(of_mine.deallocations >= (uint64_t)threads);
    /* What is left is stacks that libc keeps for later threads. */
    CHECK(of_all.leaked_allocations <= 4 * AT_ONCE);
    return 0;
}
