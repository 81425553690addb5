/* SPDX-License-Identifier: MIT */
/*
 * 500 forks while three threads allocate and open scopes: no child hangs on a
 * lock that another thread held, each measures exactly, and the parent's scope
 * goes on. In a recorded run each child's store holds what the child did, and
 * nothing of it is in the parent's.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <time.h>

#include "exactly.h"
#include "store_file.h"

enum {
    FORKS = CHECK_ROUNDS(500),
    THREADS = 3,
    BLOCKS_OF_CHILD = 1000,
    CHILD_SECONDS_MAX = 10,
    SECONDS_MAX = 50,
    PLAUSIBLE = 1000000000
};

static atomic_bool stop;
static _Atomic uint64_t allocations_of_threads;

static void *allocate(void *number)
{
    uint64_t allocations = 0;
    for (unsigned i = 0; !stop; i++) {
        void *block = malloc(i % 500);
        block = realloc(block, i % 700 + 1);
        if (number == NULL && i % 64 == 0) {
            tare_stats stats;
            tare_measure(&stats, .domain = i % 128 == 0 ? TARE_PROCESS : TARE_THREAD)
                free(malloc(5));
            allocations++;
        }
        free(block);
        allocations++;
    }
    allocations_of_threads += allocations;
    return NULL;
}

/* `block` was born in the parent, in `scope`. */
static void be_child(tare_scope *scope, void *block)
{
    alarm(CHILD_SECONDS_MAX);
    check_all_exact();
    tare_stats stats;
    CHECK(tare_read(scope, &stats) == 0); /* half a call of a thread that is gone may be in it, but it says so */
    CHECK_EQUAL(stats.inexact & ~(uint32_t)TARE_INEXACT_UNSETTLED, 0);
    CHECK(stats.allocations < PLAUSIBLE && stats.deallocations < PLAUSIBLE && stats.peak_bytes < PLAUSIBLE);
    CHECK(tare_close(scope, NULL) == 0);
    tare_measure(&stats, .domain = TARE_PROCESS) {
        for (int i = 0; i < BLOCKS_OF_CHILD; i++)
            free(malloc(8));
        free(block);
    }
    CHECK_EQUAL(stats.inexact, 0);
    CHECK_EQUAL(stats.allocations, BLOCKS_OF_CHILD);
    CHECK_EQUAL(stats.deallocations, BLOCKS_OF_CHILD + 1);
    CHECK_EQUAL(stats.leaked_allocations, 0);
    _exit(0);
}

static void check_store_of_child(pid_t child)
{
    const char *path = store_path(child, 0);
    if (path == NULL)
        return;
    const struct tare__store *store = store_map(path);
    CHECK(store != NULL);
    struct tare__counters sum = store_sum(store);
    CHECK_EQUAL(store->forked, 1);
    CHECK_EQUAL(store->parent_pid, getpid());
    const unsigned checks = 2 * 2 + 2 * 2; /* check_all_exact's */
    CHECK_EQUAL(sum.allocations, BLOCKS_OF_CHILD + checks);
    CHECK_EQUAL(sum.deallocations, BLOCKS_OF_CHILD + checks + 1);
    CHECK_EQUAL(store_leaked_allocations(&sum), 0);
    CHECK_EQUAL(sum.unknown_blocks + sum.recording, 0);
    store_unmap(store);
    unlink(path);
}

int main(void)
{
    alarm(SECONDS_MAX);
    tare_scope *whole = tare_open(.domain = TARE_PROCESS), *mine = tare_open();
    pthread_t threads[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, allocate, (void *)i) == 0);
    int64_t worst_ns = 0;
    for (int i = 0; i < FORKS; i++) {
        void *block = malloc(123);
        tare_scope *scope = tare_open(.domain = i % 2 ? TARE_PROCESS : TARE_THREAD);
        struct timespec start, end;
        clock_gettime(CLOCK_MONOTONIC, &start);
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0)
            be_child(scope, block);
        int status;
        CHECK(waitpid(child, &status, 0) == child);
        clock_gettime(CLOCK_MONOTONIC, &end);
        CHECK_EQUAL(status, 0);
        int64_t ns = (int64_t)(end.tv_sec - start.tv_sec) * 1000000000 + (end.tv_nsec - start.tv_nsec);
        worst_ns = ns > worst_ns ? ns : worst_ns;
        CHECK(tare_close(scope, NULL) == 0);
        free(block);
        check_store_of_child(child);
    }
    stop = true;
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    tare_stats stats, of_mine;
    CHECK(tare_close(mine, &of_mine) == 0 && tare_close(whole, &stats) == 0);
    dprintf(1, "the slowest child took %jd us\n", (intmax_t)(worst_ns / 1000));
    CHECK_EQUAL(stats.inexact, 0);
    CHECK_EQUAL(of_mine.inexact, 0);
    CHECK_EQUAL(stats.allocations - of_mine.allocations, allocations_of_threads);
    check_all_exact();
    return 0;
}
