/* SPDX-License-Identifier: MIT */
/* Scopes that are open across a fork: child and parent go on with them, each
 * with its own figures to the digit. With an argument another thread allocates
 * meanwhile; a child's figures for the whole process may then say that the
 * other thread was caught in the middle of a call. Run also as a recorded
 * program, where the two share a store until the child has one of its own. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <tare/tare.h>

#include "check.h"

static atomic_bool stop;

static void *allocate_all_the_time(void *unused)
{
    while (!atomic_load(&stop))
        free(malloc(100));
    return unused;
}

/* The scope's only calls from here: its site has no counterpart in the scope around it. */
__attribute__((noinline)) static void allocate_inside(void)
{
    free(malloc(30));
    __asm__ volatile("" ::: "memory");
}

/* A child ends a scope that was opened before it. Its sites become those of the scope around. */
static void inner_scope_in_child(void)
{
    tare_stats outer, inner;
    tare_scope *around = tare_open(), *inside = tare_open();
    allocate_inside();
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        allocate_inside();
        CHECK_EQUAL(tare_close(inside, &inner), 0);
        allocate_inside();
        CHECK_EQUAL(tare_close(around, &outer), 0);
        CHECK_EQUAL(inner.allocations, 2);
        CHECK_EQUAL(outer.allocations, 3);
        CHECK_EQUAL(outer.leaked_allocations | outer.inexact, 0);
        _exit(0);
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    CHECK_EQUAL(tare_close(inside, &inner), 0);
    CHECK_EQUAL(tare_close(around, &outer), 0);
    CHECK_EQUAL(outer.allocations, 1);
}

static void in_child(tare_scope *thread_scope, tare_scope *process_scope, void *block, bool alone)
{
    tare_stats thread, process;
    free(block);
    void *kept = malloc(7);
    CHECK_EQUAL(tare_read(thread_scope, &thread), 0);
    CHECK_EQUAL(tare_close(process_scope, &process), 0);
    CHECK_EQUAL(thread.allocations, 3);
    CHECK_EQUAL(thread.deallocations, 2);
    CHECK_EQUAL(thread.bytes_allocated, 1507);
    CHECK_EQUAL(thread.peak_bytes, 1500);
    CHECK_EQUAL(thread.leaked_allocations, 1);
    CHECK_EQUAL(thread.leaked_bytes, 7);
    CHECK_EQUAL(thread.inexact, 0);
    if (alone)
        CHECK(tare_stats_equal(&thread, &process));
    CHECK_EQUAL(process.inexact & ~(uint32_t)TARE_INEXACT_UNSETTLED, 0);
    free(kept);
    _exit(0);
}

static void fork_once(bool alone)
{
    tare_stats stats;
    tare_scope *thread_scope = tare_open(), *process_scope = tare_open(.domain = TARE_PROCESS);
    void *block = malloc(1000);
    free(malloc(500));
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0)
        in_child(thread_scope, process_scope, block, alone);
    for (int i = 0; i < 1000; i++)
        free(malloc(2000));
    int status;
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    free(block);
    CHECK_EQUAL(tare_close(thread_scope, &stats), 0);
    CHECK_EQUAL(stats.allocations, 1002);
    CHECK_EQUAL(stats.deallocations, 1002);
    CHECK_EQUAL(stats.peak_bytes, 3000);
    CHECK_EQUAL(stats.leaked_bytes, 0);
    CHECK_EQUAL(stats.inexact, 0);
    CHECK_EQUAL(tare_close(process_scope, &stats), 0);
    if (alone) {
        CHECK_EQUAL(stats.allocations, 1002);
        CHECK_EQUAL(stats.peak_bytes, 3000);
    }
    CHECK_EQUAL(stats.inexact, 0);
}

static pthread_barrier_t barrier;

static void *fork_and_allocate(void *unused)
{
    free(malloc(1));
    pthread_barrier_wait(&barrier); /* the scope is about to open */
    pthread_barrier_wait(&barrier); /* it is open */
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    CHECK(pid > 0 && waitpid(pid, NULL, 0) == pid);
    for (int i = 0; i < 10; i++)
        free(malloc(5));
    return unused;
}

/* A fork that is a thread's first call since the scope opened. */
static void fork_first(void)
{
    pthread_t thread;
    CHECK(pthread_barrier_init(&barrier, NULL, 2) == 0);
    CHECK(pthread_create(&thread, NULL, fork_and_allocate, NULL) == 0);
    pthread_barrier_wait(&barrier);
    tare_stats stats;
    tare_measure(&stats, .domain = TARE_PROCESS) {
        pthread_barrier_wait(&barrier);
        pthread_join(thread, NULL);
    }
    CHECK(stats.allocations >= 10);
    CHECK_EQUAL(stats.bytes_allocated, 50);
    CHECK_EQUAL(stats.inexact, 0);
}

int main(int argc, char **argv)
{
    (void)argv;
    bool alone = argc == 1;
    pthread_t other;
    if (!alone)
        CHECK(pthread_create(&other, NULL, allocate_all_the_time, NULL) == 0);
    for (int i = 0; i < 100; i++)
        fork_once(alone);
    atomic_store(&stop, true);
    if (!alone)
        pthread_join(other, NULL);
    if (alone) {
        fork_first();
        inner_scope_in_child();
    }
    return 0;
}
