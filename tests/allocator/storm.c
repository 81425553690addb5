/* SPDX-License-Identifier: MIT */
/*
 * Four threads allocate, resize and free pieces of one wrapped allocator, their
 * own and each other's, note pieces of arenas and reset those, and open scopes
 * meanwhile. The books agree to the last byte when all is over; each thread's own
 * scopes agree with what it knows it did.
 */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "books.h"

enum { THREADS = 4, PIECES = 200, SHARED = 64, SECONDS = 3, ARENA_BYTES = 1 << 14 };

struct worker {
    pthread_t thread;
    uint64_t random;
    void *pieces[PIECES];
    size_t sizes[PIECES];
    char arena[ARENA_BYTES];
    size_t used, noted, noted_bytes; /* of the arena, since it was reset */
    tare_stats sum;                  /* of what it noted */
    uint64_t checks;
};

static struct worker workers[THREADS];
static void *shared[SHARED];
static tare_allocator counted;
static bool stop;

static uint64_t next_random(struct worker *worker)
{
    worker->random ^= worker->random << 13;
    worker->random ^= worker->random >> 7;
    worker->random ^= worker->random << 17;
    return worker->random;
}

static void note(struct worker *worker, uint64_t random)
{
    size_t size = random % 40;
    if (worker->used + size + 1 > ARENA_BYTES) {
        tare_note_free_all(worker->arena, ARENA_BYTES);
        worker->sum.deallocations += worker->noted;
        worker->sum.bytes_deallocated += worker->noted_bytes;
        worker->used = worker->noted = worker->noted_bytes = 0;
    }
    tare_note_alloc(worker->arena + worker->used, size);
    worker->used += size + 1;
    worker->noted++;
    worker->noted_bytes += size;
    worker->sum.allocations++;
    worker->sum.bytes_allocated += size;
}

/* A scope of this thread alone, beside all that the others do. */
static void measure(struct worker *worker, uint64_t random)
{
    tare_stats stats;
    size_t size = random % 3000 + 1;
    tare_measure(&stats, .domain = random >> 20 & 1 ? TARE_FAMILY : TARE_THREAD) {
        void *piece = counted.alloc(counted.context, size);
        piece = counted.realloc(counted.context, piece, 2 * size);
        free(malloc(size));
        counted.free(counted.context, piece);
        tare_note_alloc(&piece, 1);
        tare_note_free(&piece);
    }
    CHECK_EQUAL(stats.inexact, 0);
    CHECK_EQUAL(stats.allocations, 3);
    CHECK_EQUAL(stats.reallocations, 1);
    CHECK_EQUAL(stats.deallocations, 3);
    CHECK_EQUAL(stats.bytes_allocated, 3 * size + 1);
    CHECK_EQUAL(stats.leaked_allocations, 0);
    CHECK_EQUAL(stats.peak_bytes, 3 * size);
    worker->sum.allocations += 2; /* besides the books: of malloc, and noted */
    worker->sum.deallocations += 2;
    worker->sum.bytes_allocated += size + 1;
    worker->sum.bytes_deallocated += size + 1;
    worker->checks++;
}

static void step(struct worker *worker)
{
    uint64_t random = next_random(worker);
    void **piece = &worker->pieces[random % PIECES];
    size_t size = (random >> 8) % 5000 + 1;
    switch (random >> 32 & 7) {
    case 0:
        note(worker, random >> 40);
        break;
    case 1:
        *piece = __atomic_exchange_n(&shared[random >> 40 & (SHARED - 1)], *piece, __ATOMIC_ACQ_REL);
        break;
    case 2:
        if ((random >> 40 & 15) == 0)
            measure(worker, random >> 12);
        break;
    case 3:
    case 4:
        *piece = counted.realloc(counted.context, *piece, size);
        CHECK_EQUAL(tare_wrapped_size(&counted, *piece), size);
        break;
    default:
        counted.free(counted.context, *piece);
        *piece = random >> 40 & 1 ? counted.alloc(counted.context, size) : NULL;
    }
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
        step(worker);
    for (int i = 0; i < PIECES; i++)
        counted.free(counted.context, worker->pieces[i]);
    return NULL;
}

int main(void)
{
    tare_stats all;
    counted = tare_wrap(&books_allocator);
    tare_scope *scope = tare_open(.domain = TARE_PROCESS);
    books_open();
    for (int i = 0; i < THREADS; i++) {
        workers[i].random = 88172645463325252u * (uint64_t)(i + 1);
        CHECK(pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0);
    }
    sleep(SECONDS);
    __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
    tare_stats expected = {0};
    uint64_t checks = 0, noted = 0, noted_bytes = 0;
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_join(workers[i].thread, NULL) == 0);
        expected.allocations += workers[i].sum.allocations;
        expected.deallocations += workers[i].sum.deallocations;
        expected.bytes_allocated += workers[i].sum.bytes_allocated;
        expected.bytes_deallocated += workers[i].sum.bytes_deallocated;
        noted += workers[i].noted;
        noted_bytes += workers[i].noted_bytes;
        checks += workers[i].checks;
    }
    CHECK_EQUAL(tare_read(scope, &all), 0);
    CHECK_EQUAL(all.leaked_allocations, books.stats.leaked_allocations + noted);
    CHECK_EQUAL(all.leaked_bytes, books.stats.leaked_bytes + noted_bytes);
    for (int i = 0; i < THREADS; i++)
        tare_note_free_all(workers[i].arena, ARENA_BYTES);
    for (int i = 0; i < SHARED; i++)
        counted.free(counted.context, shared[i]);
    CHECK_EQUAL(tare_close(scope, &all), 0);
    dprintf(1, "%ju scopes checked over %ju allocations\n", (uintmax_t)checks, (uintmax_t)all.allocations);
    CHECK(checks > 100 && books.stats.allocations > 10000);
    CHECK_EQUAL(all.inexact, 0);
    CHECK_EQUAL(all.allocations, books.stats.allocations + expected.allocations);
    CHECK_EQUAL(all.deallocations, books.stats.deallocations + expected.deallocations + noted);
    CHECK_EQUAL(all.reallocations, books.stats.reallocations);
    CHECK_EQUAL(all.bytes_reallocated, books.stats.bytes_reallocated);
    CHECK_EQUAL(all.bytes_allocated, books.stats.bytes_allocated + expected.bytes_allocated);
    CHECK_EQUAL(all.bytes_deallocated, books.stats.bytes_deallocated + expected.bytes_deallocated + noted_bytes);
    CHECK_EQUAL(all.leaked_allocations, 0);
    CHECK_EQUAL(all.leaked_bytes, 0);
    CHECK(all.peak_bytes >= books.stats.peak_bytes);
    return 0;
}
