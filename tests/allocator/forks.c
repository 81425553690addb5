/* SPDX-License-Identifier: MIT */
/* Forks while threads use a wrapped allocator and note pieces: no child hangs on
 * a lock of theirs, each goes on with the pieces it was given and measures
 * exactly. And a fork inside of what does not count. */
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "books.h"

enum { FORKS = CHECK_ROUNDS(300), THREADS = 3, PIECES = 50, CHILD_SECONDS_MAX = 10, SECONDS_MAX = 50 };

static bool stop;

/* Each has memory of its own, so that no lock but tare's is held at a fork. */
struct worker {
    pthread_t thread;
    char memory[1 << 16];
    size_t used;
};
static struct worker workers[THREADS], parents;

static void *bump_alloc(void *context, size_t size)
{
    struct worker *worker = context;
    if (worker->used + size > sizeof worker->memory)
        worker->used = 0;
    void *piece = worker->memory + worker->used;
    worker->used += size;
    return piece;
}

static void *work(void *argument)
{
    const tare_allocator inner = {bump_alloc, NULL, NULL, argument};
    tare_allocator counted = tare_wrap(&inner);
    for (unsigned i = 0; !__atomic_load_n(&stop, __ATOMIC_RELAXED); i++) {
        void *piece = counted.alloc(counted.context, i % 100 + 1);
        if (i % 3 == 0)
            counted.free(counted.context, piece);
        tare_note_alloc(piece, i % 7);
        if (i % 5000 == 0)
            tare_note_free_all(argument, sizeof *(struct worker *)argument);
    }
    return NULL;
}

static void be_child(tare_allocator counted, void *const pieces[PIECES])
{
    tare_stats stats;
    alarm(CHILD_SECONDS_MAX);
    tare_measure(&stats, .domain = TARE_PROCESS) {
        for (int i = 0; i < PIECES; i++)
            counted.free(counted.context, pieces[i]);
        for (int i = 0; i < THREADS; i++) /* whatever their threads have left there */
            tare_note_free_all(&workers[i], sizeof workers[i]);
    }
    CHECK_EQUAL(stats.inexact, 0);
    CHECK(stats.deallocations >= PIECES);
    tare_measure(&stats) {
        void *piece = counted.alloc(counted.context, 10);
        counted.free(counted.context, piece);
        tare_note_alloc(workers, 5);
    }
    CHECK_EQUAL(stats.inexact, 0);
    CHECK_EQUAL(stats.allocations, 2);
    CHECK_EQUAL(stats.deallocations, 1);
    CHECK_EQUAL(stats.leaked_bytes, 5);
    _exit(0);
}

static void wait_for(pid_t child)
{
    int status;
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    CHECK_EQUAL(status, 0);
}

/* A scope that goes on in the child, and a fork where nothing counts. */
static void in_uncounted(void)
{
    tare_stats stats;
    pid_t child = 0;
    tare_scope *scope = tare_open();
    tare_uncounted() {
        free(malloc(1));
        child = fork();
        free(malloc(2));
    }
    free(malloc(4));
    CHECK_EQUAL(tare_close(scope, &stats), 0);
    CHECK_EQUAL(stats.allocations, 1);
    CHECK_EQUAL(stats.bytes_allocated, 4);
    CHECK_EQUAL(stats.inexact, 0);
    if (child == 0)
        _exit(0);
    wait_for(child);
}

int main(void)
{
    alarm(SECONDS_MAX);
    in_uncounted();
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0);
    const tare_allocator inner = {bump_alloc, NULL, NULL, &parents};
    tare_allocator counted = tare_wrap(&inner);
    for (int i = 0; i < FORKS; i++) {
        void *pieces[PIECES];
        parents.used = 0;
        for (int j = 0; j < PIECES; j++)
            pieces[j] = counted.alloc(counted.context, 10);
        pid_t child = fork();
        if (child == 0)
            be_child(counted, pieces);
        wait_for(child);
        tare_stats stats;
        tare_measure(&stats) {
            for (int j = 0; j < PIECES; j++)
                counted.free(counted.context, pieces[j]);
        }
        CHECK_EQUAL(stats.deallocations, PIECES);
        CHECK_EQUAL(stats.bytes_deallocated, 10 * PIECES);
        CHECK_EQUAL(stats.inexact, 0);
    }
    __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_join(workers[i].thread, NULL) == 0);
    return 0;
}
