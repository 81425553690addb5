/* SPDX-License-Identifier: MIT */
/*
 * A child of vfork runs on its parent's memory and its thread's records: what
 * it allocates is not its parent's, not even while another thread of the parent
 * goes on, and the parent's next calls are exact. An exec from there starts
 * afresh; in a recorded run with a store of its own. A child of fork is none of
 * vfork, whatever its parent's threads did last.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "exactly.h"
#include "store_file.h"

enum { BLOCKS_OF_CHILD = 50 };

static void *volatile kept;
static atomic_bool stop;
static _Atomic uint64_t allocations_of_thread;

static void *allocate(void *unused)
{
    while (!stop) {
        free(malloc(33));
        allocations_of_thread++;
    }
    return unused;
}

/* The real thing: the child may do nothing that its parent must not see. */
static pid_t run_vfork(const char *program)
{
    pid_t child = vfork();
    if (child == 0) {
        for (int i = 0; i < BLOCKS_OF_CHILD; i++) {
            void *volatile block = malloc(1000);
            block = realloc(block, 2000);
            free(block);
        }
        kept = malloc(10);
        if (program != NULL)
            execl(program, program, "child", (char *)NULL);
        _exit(7);
    }
    return child;
}

static void wait_for(pid_t child, int expected)
{
    int status;
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status));
    CHECK_EQUAL(WEXITSTATUS(status), expected);
}

static void check_domain(tare_domain domain, const char *program, int expected)
{
    tare_stats stats;
    tare_measure(&stats, .domain = domain) {
        void *before = malloc(1);
        pid_t child = run_vfork(program);
        void *after = malloc(2);
        free(before);
        free(after);
        wait_for(child, expected);
        free(kept); /* the child's, on this memory: not born in this scope */
    }
    CHECK_EQUAL(stats.inexact, 0);
    CHECK_EQUAL(stats.allocations, 2);
    CHECK_EQUAL(stats.reallocations, 0);
    CHECK_EQUAL(stats.deallocations, 3);
    CHECK_EQUAL(stats.bytes_allocated, 3);
    CHECK_EQUAL(stats.bytes_deallocated, 13);
    CHECK_EQUAL(stats.peak_bytes, 3);
    CHECK_EQUAL(stats.leaked_allocations, 0);
    CHECK_EQUAL(stats.leaked_bytes, 0);
    check_all_exact();
}

static void check_with_thread(void)
{
    pthread_t thread;
    tare_scope *all = tare_open(.domain = TARE_PROCESS), *mine = tare_open();
    CHECK(pthread_create(&thread, NULL, allocate, NULL) == 0);
    for (int i = 0; i < 200; i++) {
        wait_for(run_vfork(NULL), 7);
        free(kept);
    }
    stop = true;
    CHECK(pthread_join(thread, NULL) == 0);
    tare_stats of_all, of_mine;
    CHECK(tare_close(mine, &of_mine) == 0 && tare_close(all, &of_all) == 0);
    CHECK_EQUAL(of_all.inexact, 0);
    CHECK_EQUAL(of_all.allocations - of_mine.allocations, allocations_of_thread);
    CHECK_EQUAL(of_all.deallocations - of_mine.deallocations, allocations_of_thread);
    CHECK_EQUAL(of_mine.deallocations, 200);
    CHECK_EQUAL(of_all.reallocations, 0);
}

/* Its thread calls nothing between the two. */
static void fork_after_vfork(void)
{
    tare_stats stats;
    tare_scope *scope = tare_open();
    pid_t first = vfork();
    if (first == 0)
        _exit(7);
    pid_t second = fork();
    if (second == 0) {
        free(malloc(11));
        CHECK_EQUAL(tare_close(scope, &stats), 0);
        CHECK_EQUAL(stats.bytes_allocated, 11);
        CHECK_EQUAL(stats.inexact, 0);
        _exit(8);
    }
    wait_for(first, 7);
    wait_for(second, 8);
    CHECK_EQUAL(tare_close(scope, &stats), 0);
    CHECK_EQUAL(stats.allocations, 0);
}

static int until_forked[2];

static void *wait_in_vfork(void *unused)
{
    char byte;
    free(malloc(1));
    pid_t child = vfork();
    if (child == 0)
        _exit(read(until_forked[0], &byte, 1) == 1 ? 7 : 1);
    wait_for(child, 7);
    return unused;
}

static void *measure(void *unused)
{
    check_all_exact();
    return unused;
}

/* Another thread is in vfork; in the child its record is taken over. */
static void fork_beside_vfork(void)
{
    pthread_t thread;
    CHECK(pipe(until_forked) == 0);
    CHECK(pthread_create(&thread, NULL, wait_in_vfork, NULL) == 0);
    usleep(50000); /* nothing tells from outside that it is in there */
    pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < 3; i++)
            CHECK(pthread_create(&thread, NULL, measure, NULL) == 0 && pthread_join(thread, NULL) == 0);
        _exit(8);
    }
    wait_for(child, 8);
    CHECK(write(until_forked[1], "", 1) == 1);
    CHECK(pthread_join(thread, NULL) == 0);
}

static void check_store_of_program(pid_t child)
{
    const char *path = store_path(child, 0);
    if (path == NULL)
        return;
    const struct tare__store *store = store_map(path);
    CHECK(store != NULL);
    CHECK_EQUAL(store->forked, 0);
    CHECK_EQUAL(store->pid, child);
    CHECK_CONTAINS(store->command + strlen(store->command) + 1, "child");
    CHECK_EQUAL(store_sum(store).allocations, 2 * 2 + 2 * 2);
    store_unmap(store);
}

static void check_own_store(void (*act)(void), int64_t allocations)
{
    const char *path = store_path(getpid(), 0);
    const struct tare__store *store = path != NULL ? store_map(path) : NULL;
    if (store == NULL)
        return;
    struct tare__counters before = store_sum(store);
    act();
    struct tare__counters after = store_sum(store);
    CHECK_EQUAL(after.allocations - before.allocations, allocations);
    CHECK_EQUAL(after.reallocations - before.reallocations, 0);
    CHECK_EQUAL(after.recording, 0);
    store_unmap(store);
}

static void vfork_once(void)
{
    wait_for(run_vfork(NULL), 7);
    free(kept);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        check_all_exact();
        return 9;
    }
    for (int i = 0; i < 3; i++) {
        check_domain(TARE_THREAD, NULL, 7);
        check_domain(TARE_PROCESS, NULL, 7);
        check_domain(TARE_THREAD, argv[0], 9);
        check_domain(TARE_PROCESS, argv[0], 9);
    }
    check_with_thread();
    fork_after_vfork();
    fork_beside_vfork();
    check_own_store(vfork_once, 0);
    pid_t child = run_vfork(argv[0]);
    wait_for(child, 9);
    check_store_of_program(child);
    check_all_exact();
    return 0;
}
