/* SPDX-License-Identifier: MIT */
/*
 * Forks while threads allocate inside families and tasks and exclusive scopes
 * open and close: by threads inside, and by one beside. No child hangs, each
 * goes on with the scopes of its thread and measures exactly in every domain,
 * and the parent's scopes are exact.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "exactly.h"

enum { FORKS = CHECK_ROUNDS(400), CHILD_SECONDS_MAX = 20, SECONDS_MAX = 55 };

static atomic_bool stop;
static tare_scope *task; /* of all */

/* A scope of the thread that forks, which has counted one call before; NULL for
 * none. What other threads counted may be half a call in the child. ends: it is
 * closed there at once. */
static void be_child(tare_scope *scope, bool of_others, bool ends)
{
    tare_stats stats;
    alarm(CHILD_SECONDS_MAX);
    if (scope != NULL) {
        free(malloc(7));
        CHECK_EQUAL(tare_read(scope, &stats), 0);
        CHECK_EQUAL(stats.inexact & ~(of_others ? (uint32_t)TARE_INEXACT_UNSETTLED : 0), 0);
        CHECK(stats.allocations >= 2 && stats.bytes_allocated >= 17);
        if (!of_others)
            CHECK_EQUAL(stats.bytes_allocated, 17);
    }
    if (ends)
        CHECK_EQUAL(tare_close(scope, NULL), 0);
    check_domains_exact(true);
    tare_scope *own = tare_open(.domain = TARE_TASK);
    CHECK_EQUAL(tare_task_enter(own), 0);
    free(malloc(3));
    CHECK_EQUAL(tare_task_leave(own), 0);
    CHECK_EQUAL(tare_close(own, &stats), 0);
    CHECK_EQUAL(stats.allocations, 1);
    CHECK_EQUAL(stats.inexact, 0);
    check_domains_exact(true);
    _exit(0);
}

static void fork_and_wait(tare_scope *scope, bool of_others, bool ends)
{
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0)
        be_child(scope, of_others, ends);
    int status;
    while (waitpid(child, &status, 0) < 0)
        CHECK(errno == EINTR);
    CHECK_EQUAL(status, 0);
}

static void *allocate(void *unused)
{
    for (int i = 0; i < 100; i++)
        free(malloc(5));
    return unused;
}

static void *fork_in_families(void *unused)
{
    for (int i = 0; i < FORKS; i++) {
        pthread_t thread;
        tare_stats stats;
        tare_scope *family = tare_open(.domain = TARE_FAMILY);
        CHECK_EQUAL(pthread_create(&thread, NULL, allocate, NULL), 0);
        free(malloc(10));
        fork_and_wait(family, true, i % 2);
        CHECK_EQUAL(pthread_join(thread, NULL), 0);
        CHECK_EQUAL(tare_close(family, &stats), 0);
        CHECK_EQUAL(stats.allocations, 101);
        CHECK_EQUAL(stats.bytes_allocated, 510);
        CHECK_EQUAL(stats.leaked_allocations, 0);
        CHECK_EQUAL(stats.inexact, 0);
    }
    return unused;
}

static void *fork_in_tasks(void *unused)
{
    for (int i = 0; i < FORKS; i++) {
        tare_stats stats;
        tare_scope *own = tare_open(.domain = TARE_TASK);
        tare_in_task(task)
            tare_in_task(own) {
                free(malloc(10));
                fork_and_wait(i % 2 ? own : task, i % 2 == 0, false);
            }
        CHECK_EQUAL(tare_close(own, &stats), 0);
        CHECK_EQUAL(stats.allocations, 1);
        CHECK_EQUAL(stats.inexact, 0);
    }
    return unused;
}

static void *fork_in_exclusive(void *unused)
{
    for (int i = 0; i < FORKS; i++) {
        tare_stats stats;
        tare_scope *scope = tare_open(.domain = TARE_EXCLUSIVE, .watchdog_ms = SECONDS_MAX * 1000);
        free(malloc(10));
        if (i % 3 == 0)
            fork_and_wait(scope, false, true);
        CHECK_EQUAL(tare_close(scope, &stats), 0);
        CHECK_EQUAL(stats.allocations, 1);
        CHECK_EQUAL(stats.inexact, 0);
    }
    return unused;
}

static atomic_long of_task;

static void *allocate_in_task(void *unused)
{
    while (!stop) {
        tare_in_task(task) {
            free(malloc(10));
            of_task++;
        }
        free(malloc(1000));
    }
    return unused;
}

int main(void)
{
    static void *(*const bodies[])(void *) = {fork_in_families, fork_in_tasks, fork_in_exclusive, allocate_in_task};
    enum { THREADS = sizeof bodies / sizeof *bodies };
    pthread_t threads[THREADS];
    tare_stats stats;
    alarm(SECONDS_MAX);
    tare_scope *whole = tare_open(.domain = TARE_PROCESS);
    task = tare_open(.domain = TARE_TASK);
    for (int i = 0; i < THREADS; i++)
        CHECK_EQUAL(pthread_create(&threads[i], NULL, bodies[i], NULL), 0);
    for (int i = 0; i < FORKS; i++)
        fork_and_wait(NULL, false, false);
    for (int i = 0; i < THREADS - 1; i++)
        CHECK_EQUAL(pthread_join(threads[i], NULL), 0);
    stop = true;
    CHECK_EQUAL(pthread_join(threads[THREADS - 1], NULL), 0);
    CHECK_EQUAL(tare_close(task, &stats), 0);
    CHECK_EQUAL(stats.allocations, of_task + FORKS);
    CHECK_EQUAL(stats.bytes_allocated, 10 * (of_task + FORKS));
    CHECK_EQUAL(stats.inexact, 0);
    CHECK_EQUAL(tare_close(whole, &stats), 0);
    CHECK_EQUAL(stats.leaked_allocations, 0);
    CHECK_EQUAL(stats.inexact, 0);
    check_domains_exact(true);
    return 0;
}
