/* SPDX-License-Identifier: MIT */
/*
 * _Fork and a raw clone call no atfork handler. Their children measure exactly
 * all the same, and neither the parent's figures nor, in a recorded run, its
 * store change by a single byte.
 */
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "exactly.h"
#include "store_file.h"

enum { BLOCKS_OF_CHILD = 20 };

static bool other_thread;

static pid_t by_underscore_fork(void)
{
    return _Fork();
}

static pid_t by_clone(void)
{
    return (pid_t)syscall(SYS_clone, (unsigned long)SIGCHLD, 0UL, 0UL, 0UL, 0UL);
}

/* `scope` was opened by the parent, with one block in it. In a recorded run the
 * child finds its parent's counters where its parent goes on counting, and only
 * fork() gives it the time to take down those of its own thread before. */
static void be_child(tare_scope *scope, void *block, bool certain)
{
    tare_stats stats;
    alarm(10);
    for (int i = 0; i < BLOCKS_OF_CHILD; i++)
        free(malloc(100)); /* the very first thing: a counted call */
    CHECK(tare_close(scope, &stats) == 0);
    CHECK_EQUAL(stats.inexact & ~(certain ? 0u : (uint32_t)TARE_INEXACT_UNSETTLED), 0);
    CHECK_EQUAL(stats.allocations, 1 + BLOCKS_OF_CHILD);
    CHECK_EQUAL(stats.leaked_allocations, 1);
    free(block);
    check_all_exact();
    _exit(5);
}

static void check_child(pid_t (*fork_somehow)(void), tare_domain domain)
{
    const char *own = store_path(getpid(), 0);
    const struct tare__store *store = own != NULL ? store_map(own) : NULL;
    static struct tare__store before;
    tare_scope *scope = tare_open(.domain = domain);
    void *block = malloc(77);
    if (store != NULL)
        memcpy(&before, store, sizeof before);
    pid_t child = fork_somehow();
    CHECK(child >= 0);
    if (child == 0)
        be_child(scope, block, store == NULL || (fork_somehow == fork && !other_thread));
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status));
    CHECK_EQUAL(WEXITSTATUS(status), 5);
    if (store != NULL) {
        CHECK(memcmp(&before, store, sizeof before) == 0);
        store_unmap(store);
        store = store_map(store_path(child, 0));
        CHECK(store != NULL);
        struct tare__counters sum = store_sum(store);
        CHECK_EQUAL(store->forked, 1);
        CHECK_EQUAL(store->pid, child);
        CHECK_EQUAL(sum.allocations, BLOCKS_OF_CHILD + 2 * 2 + 2 * 2);
        CHECK_EQUAL(sum.deallocations, sum.allocations + 1);
        CHECK_EQUAL(store_leaked_allocations(&sum), 0);
        store_unmap(store);
    }
    free(block);
    tare_stats stats;
    CHECK(tare_close(scope, &stats) == 0);
    CHECK_EQUAL(stats.inexact, 0);
    CHECK_EQUAL(stats.allocations, 1);
    CHECK_EQUAL(stats.deallocations, 1);
    CHECK_EQUAL(stats.bytes_allocated, 77);
    CHECK_EQUAL(stats.peak_bytes, 77);
    check_all_exact();
}

static void *wait_idly(void *barrier)
{
    free(malloc(1)); /* so that tare knows it */
    pthread_barrier_wait(barrier);
    pthread_barrier_wait(barrier);
    return NULL;
}

static void check_all(void)
{
    for (int i = 0; i < 5; i++) {
        static const tare_domain domains[] = {TARE_THREAD, TARE_PROCESS};
        check_child(by_underscore_fork, domains[i % 2]);
        check_child(by_clone, domains[i % 2]);
        check_child(fork, domains[i % 2]);
    }
}

int main(void)
{
    check_all();
    /* And with another thread, whose place in the store must stay its own. */
    pthread_t thread;
    pthread_barrier_t barrier;
    CHECK(pthread_barrier_init(&barrier, NULL, 2) == 0);
    CHECK(pthread_create(&thread, NULL, wait_idly, &barrier) == 0);
    pthread_barrier_wait(&barrier);
    other_thread = true;
    check_all();
    pthread_barrier_wait(&barrier);
    CHECK(pthread_join(thread, NULL) == 0);
    return 0;
}
