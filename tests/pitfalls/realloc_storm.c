/* SPDX-License-Identifier: MIT */
/* Four threads resize blocks as fast as they can. An address that one of them
 * gives back inside realloc is at once another one's; if it were recorded
 * too late, a block would be lost or have another's size. */
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "exactly.h"

enum { THREADS = 4, BLOCKS = 128, ROUNDS = CHECK_ROUNDS(400000), SHARED = 64, LIVE_BITS = 16 };

struct worker {
    pthread_t thread;
    uint64_t random;
    void *blocks[BLOCKS];
    size_t sizes[BLOCKS];
    uint64_t allocations, reallocations, deallocations;
    int64_t net_bytes, reallocated_bytes, live;
};

static struct worker workers[THREADS];
static pthread_barrier_t barrier;

/* Addresses that a thread owns right now. */
static _Atomic(uintptr_t) live[1 << LIVE_BITS];

static uint64_t next_random(struct worker *worker)
{
    worker->random ^= worker->random << 13;
    worker->random ^= worker->random >> 7;
    worker->random ^= worker->random << 17;
    return worker->random;
}

static void enter_live(void *block)
{
    uintptr_t address = (uintptr_t)block;
    unsigned at = (unsigned)(address >> 4) * 2654435761u >> (32 - LIVE_BITS);
    for (unsigned i = 0; i < 64; i++)
        CHECK(live[(at + i) % (1 << LIVE_BITS)] != address);
    for (;; at++) {
        uintptr_t none = 0;
        if (atomic_compare_exchange_strong(&live[at % (1 << LIVE_BITS)], &none, address))
            return;
    }
}

static void leave_live(void *block)
{
    uintptr_t address = (uintptr_t)block;
    unsigned at = (unsigned)(address >> 4) * 2654435761u >> (32 - LIVE_BITS);
    while (live[at % (1 << LIVE_BITS)] != address)
        at++;
    live[at % (1 << LIVE_BITS)] = 0;
}

static void step(struct worker *worker)
{
    uint64_t random = next_random(worker);
    unsigned i = (unsigned)(random % BLOCKS);
    /* Mostly a few sizes far apart, so that blocks move and addresses come back. */
    size_t size = (random >> 8 & 7) != 0 ? (size_t)32 << (random >> 16 & 7) : (random >> 16) % 9000 + 1;
    size_t old = worker->sizes[i];
    void *block = worker->blocks[i];
    if (block != NULL)
        leave_live(block);
    if (block != NULL && (random >> 40 & 7) == 0) {
        free(block);
        worker->blocks[i] = NULL;
        worker->sizes[i] = 0;
        worker->net_bytes -= (int64_t)old;
        worker->deallocations++;
        worker->live--;
        return;
    }
    void *fresh = realloc(block, size);
    CHECK(fresh != NULL);
    enter_live(fresh);
    worker->blocks[i] = fresh;
    worker->sizes[i] = size;
    worker->net_bytes += (int64_t)size - (int64_t)old;
    if (block == NULL) {
        worker->allocations++;
        worker->live++;
    } else {
        worker->reallocations++;
        worker->reallocated_bytes += (int64_t)size - (int64_t)old;
    }
}

static void *storm(void *argument)
{
    struct worker *worker = argument;
    pthread_barrier_wait(&barrier); /* 1: the scope is open */
    for (int i = 0; i < ROUNDS; i++)
        step(worker);
    pthread_barrier_wait(&barrier); /* 2: all is done */
    pthread_barrier_wait(&barrier); /* 3: it was read */
    for (int i = 0; i < BLOCKS; i++)
        free(worker->blocks[i]);
    pthread_barrier_wait(&barrier); /* 4: all is freed */
    pthread_barrier_wait(&barrier); /* 5: it was read */
    return NULL;
}

int main(void)
{
    CHECK(pthread_barrier_init(&barrier, NULL, THREADS + 1) == 0);
    for (uint64_t i = 0; i < THREADS; i++) {
        workers[i].random = 88172645463325252u + i * 1234567;
        CHECK(pthread_create(&workers[i].thread, NULL, storm, &workers[i]) == 0);
    }
    tare_stats stats;
    tare_scope *scope = tare_open(.domain = TARE_PROCESS);
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    CHECK(tare_read(scope, &stats) == 0);
    struct worker sum = {0};
    for (int i = 0; i < THREADS; i++) {
        sum.allocations += workers[i].allocations;
        sum.reallocations += workers[i].reallocations;
        sum.deallocations += workers[i].deallocations;
        sum.net_bytes += workers[i].net_bytes;
        sum.reallocated_bytes += workers[i].reallocated_bytes;
        sum.live += workers[i].live;
    }
    CHECK_EQUAL(stats.inexact, 0);
    CHECK_EQUAL(stats.allocations, sum.allocations);
    CHECK_EQUAL(stats.reallocations, sum.reallocations);
    CHECK_EQUAL(stats.deallocations, sum.deallocations);
    CHECK_EQUAL(stats.bytes_reallocated, sum.reallocated_bytes);
    CHECK_EQUAL(stats.bytes_allocated - stats.bytes_deallocated, sum.net_bytes);
    CHECK_EQUAL(stats.leaked_allocations, sum.live);
    CHECK_EQUAL(stats.leaked_bytes, sum.net_bytes);
    CHECK(stats.peak_bytes >= stats.leaked_bytes);
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    CHECK(tare_close(scope, &stats) == 0);
    CHECK_EQUAL(stats.inexact, 0);
    CHECK_EQUAL(stats.leaked_allocations, 0);
    CHECK_EQUAL(stats.leaked_bytes, 0);
    CHECK_EQUAL(stats.bytes_allocated, stats.bytes_deallocated);
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_join(workers[i].thread, NULL) == 0);
    check_all_exact();
    return 0;
}
