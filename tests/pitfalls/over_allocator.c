/* SPDX-License-Identifier: MIT */
/*
 * Pitfall 46: over another allocator the figures are as exact as over libc's.
 * Such allocators hand out blocks 8 bytes apart and nest their own calls. Run
 * with a preload of tare and the allocator; nothing of tare is linked.
 */
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#pragma weak tare_open_with
#pragma weak tare_close
#pragma weak tare_is_attached
#include <tare/tare.h>

#include "check.h"

enum { EACH = 200, SIZES = 18, LEAKS = 7 };

static void *blocks[SIZES][EACH];
static void *volatile leaked;

static tare_stats close_scope(tare_scope *scope)
{
    tare_stats stats;
    CHECK_EQUAL(tare_close(scope, &stats), 0);
    CHECK_EQUAL(stats.inexact, 0);
    return stats;
}

/* Sizes 0 to 17, many of each alive at once, ended by another scope. */
static void tiny(void)
{
    unsigned bytes = 0;
    tare_scope *scope = tare_open();
    for (unsigned size = 0; size < SIZES; size++)
        for (unsigned i = 0; i < EACH; i++, bytes += size) {
            blocks[size][i] = i % 3 == 0 ? calloc(1, size) : malloc(size);
            CHECK(blocks[size][i] != NULL);
            memset(blocks[size][i], (int)size, size);
        }
    tare_stats stats = close_scope(scope);
    CHECK_EQUAL(stats.allocations, SIZES * EACH);
    CHECK_EQUAL(stats.bytes_allocated, bytes);
    CHECK_EQUAL(stats.leaked_allocations, SIZES * EACH);
    CHECK_EQUAL(stats.leaked_bytes, bytes);
    CHECK_EQUAL(stats.peak_bytes, bytes);

    for (unsigned size = 0; size < SIZES; size++) {
        scope = tare_open();
        for (unsigned i = 0; i < EACH; i++) {
            const char *block = blocks[size][i];
            CHECK(size == 0 || (block[0] == (char)size && block[size - 1] == (char)size));
            CHECK(malloc_usable_size(blocks[size][i]) >= size);
            free(blocks[size][i]);
        }
        stats = close_scope(scope);
        CHECK_EQUAL(stats.deallocations, EACH);
        CHECK_EQUAL(stats.bytes_deallocated, size * EACH);
    }
}

static void resized(void)
{
    tare_scope *scope = tare_open();
    for (size_t size = 1; size < SIZES; size++) {
        char *block = malloc(size);
        block = realloc(block, 10 * size);
        block = realloc(block, 100000 * size);
        block = realloc(block, size);
        free(block);
    }
    tare_stats stats = close_scope(scope);
    unsigned sum = (SIZES - 1) * SIZES / 2;
    CHECK_EQUAL(stats.allocations, SIZES - 1);
    CHECK_EQUAL(stats.reallocations, 3 * (SIZES - 1));
    CHECK_EQUAL(stats.deallocations, SIZES - 1);
    CHECK_EQUAL(stats.bytes_reallocated, 0);
    CHECK_EQUAL(stats.bytes_allocated, UINT64_C(100000) * sum);
    CHECK_EQUAL(stats.bytes_deallocated, UINT64_C(100000) * sum);
    CHECK_EQUAL(stats.peak_bytes, 100000 * (SIZES - 1));
    CHECK_EQUAL(stats.leaked_allocations, 0);
}

static void aligned(void)
{
    tare_scope *scope = tare_open();
    void *block;
    CHECK_EQUAL(posix_memalign(&block, 8, 3), 0);
    free(block);
    CHECK_EQUAL(posix_memalign(&block, 4096, 5000), 0);
    CHECK_EQUAL((uintptr_t)block % 4096, 0);
    free(block);
    block = aligned_alloc(64, 128);
    free(block);
    block = memalign(32, 7);
    free(block);
    block = valloc(100);
    free(block);
    tare_stats stats = close_scope(scope);
    CHECK_EQUAL(stats.allocations, 5);
    CHECK_EQUAL(stats.deallocations, 5);
    CHECK_EQUAL(stats.bytes_allocated, 3 + 5000 + 128 + 7 + 100);
    CHECK_EQUAL(stats.leaked_allocations, 0);
}

static void leaks(void)
{
    tare_scope *scope = tare_open();
    for (size_t i = 0; i < LEAKS; i++) {
        free(strdup("1234567"));
        leaked = malloc(i);
    }
    tare_stats stats = close_scope(scope);
    CHECK_EQUAL(stats.allocations, 2 * LEAKS);
    CHECK_EQUAL(stats.leaked_allocations, LEAKS);
    CHECK_EQUAL(stats.leaked_bytes, LEAKS * (LEAKS - 1) / 2);
}

static void *allocate(void *kept)
{
    for (unsigned i = 0; i < EACH; i++) {
        free(malloc(i));
        ((void **)kept)[i] = malloc(8);
    }
    return NULL;
}

static void threads(void)
{
    enum { THREADS = 4 };
    pthread_t ids[THREADS];
    tare_scope *warming = tare_open();
    CHECK_EQUAL(pthread_create(&ids[0], NULL, allocate, blocks[0]), 0);
    CHECK_EQUAL(pthread_join(ids[0], NULL), 0);
    close_scope(warming);

    tare_scope *scope = tare_open(.domain = TARE_PROCESS);
    for (int i = 0; i < THREADS; i++)
        CHECK_EQUAL(pthread_create(&ids[i], NULL, allocate, blocks[i]), 0);
    for (int i = 0; i < THREADS; i++)
        CHECK_EQUAL(pthread_join(ids[i], NULL), 0);
    for (int i = 0; i < THREADS; i++)
        for (int j = 0; j < EACH; j++)
            free(blocks[i][j]);
    tare_stats stats = close_scope(scope);
    /* Beside theirs, what libc makes for a thread that reuses no stack, which it keeps. */
    CHECK_EQUAL(stats.deallocations, 2 * EACH * THREADS);
    CHECK_EQUAL(stats.allocations - stats.leaked_allocations, 2 * EACH * THREADS);
    CHECK(stats.leaked_allocations <= THREADS);
    CHECK_EQUAL(stats.bytes_deallocated, THREADS * (EACH * (EACH - 1) / 2 + EACH * 8));
}

int main(void)
{
    CHECK(tare_open_with != NULL);
    CHECK(tare_is_attached());
    tiny();
    resized();
    aligned();
    leaks();
    threads();
    return 0;
}
