/* SPDX-License-Identifier: MIT */
/* Threads that end inside a block, by pthread_exit or cancelled: what they left
 * open is closed, their blocks stay known, and later scopes are exact. */
#include <pthread.h>
#include <stdatomic.h>

#include "exactly.h"
#include "resident.h"

enum { TIMES = 2000, GROWTH_BYTES_MAX = 256 * 1024 };

static void *volatile left_behind;
static atomic_bool ready;
static tare_domain domain;

static void *exit_in_block(void *unused)
{
    tare_stats stats;
    tare_measure(&stats, .domain = domain) {
        left_behind = malloc(10);
        pthread_exit(NULL);
    }
    return unused;
}

static void *be_cancelled_in_block(void *unused)
{
    tare_stats stats;
    tare_measure(&stats, .domain = domain) {
        left_behind = malloc(10);
        ready = true;
        for (;;)
            pause();
    }
    return unused;
}

static void *be_cancelled_anywhere_in_block(void *unused)
{
    tare_stats stats;
    tare_measure(&stats, .domain = domain) {
        left_behind = malloc(10);
        pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
        ready = true;
        for (;;)
            __asm__ volatile("" ::: "memory");
    }
    return unused;
}

static void run(void *(*body)(void *), bool cancel)
{
    pthread_t thread;
    ready = false;
    CHECK(pthread_create(&thread, NULL, body, NULL) == 0);
    while (cancel && !ready)
        sched_yield();
    if (cancel)
        CHECK(pthread_cancel(thread) == 0);
    void *result;
    CHECK(pthread_join(thread, &result) == 0);
    CHECK(result == (cancel ? PTHREAD_CANCELED : NULL));
}

static void *measure_exactly(void *unused)
{
    check_all_exact();
    return unused;
}

static void check_later_scopes(void)
{
    pthread_t thread;
    check_all_exact();
    free(left_behind);
    CHECK(pthread_create(&thread, NULL, measure_exactly, NULL) == 0); /* takes over the record */
    CHECK(pthread_join(thread, NULL) == 0);
    check_all_exact();
}

/* The scope of another thread that is open all the time. */
static void seen_by_another(void)
{
    run(exit_in_block, false); /* what libc allocates for the first one only */
    free(left_behind);
    tare_stats all, mine;
    tare_scope *of_all = tare_open(.domain = TARE_PROCESS), *of_mine = tare_open();
    for (int i = 0; i < 8; i++) {
        run(exit_in_block, false);
        free(left_behind);
    }
    CHECK(tare_close(of_mine, &mine) == 0 && tare_close(of_all, &all) == 0);
    CHECK_EQUAL(all.inexact, 0);
    CHECK_EQUAL(all.allocations - mine.allocations, 8);
    CHECK_EQUAL(all.bytes_allocated - mine.bytes_allocated, 80);
}

static void costs_no_memory(void)
{
    size_t before = 0;
    for (int i = 0; i < TIMES; i++) {
        if (i == TIMES / 10)
            before = resident_bytes();
        run(exit_in_block, false);
        free(left_behind);
    }
    size_t after = resident_bytes();
    dprintf(1, "grew by %td bytes\n", (ptrdiff_t)(after - before));
    CHECK(after < before + GROWTH_BYTES_MAX);
}

int main(void)
{
    static const tare_domain domains[] = {TARE_THREAD, TARE_PROCESS};
    for (int i = 0; i < 2; i++) {
        domain = domains[i];
        run(exit_in_block, false);
        check_later_scopes();
        if (!CHECK_THREAD_SANITIZED) {
            run(be_cancelled_in_block, true);
            check_later_scopes();
        }
        run(be_cancelled_anywhere_in_block, true);
        check_later_scopes();
        seen_by_another();
        costs_no_memory();
    }
    check_all_exact();
    return 0;
}
