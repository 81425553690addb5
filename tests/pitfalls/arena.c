/* SPDX-License-Identifier: MIT */
/* Pitfall 47: what never goes through malloc is never seen. A program with an
 * arena of its own shows the arena's calls of malloc and none of what it hands
 * out; memory from mmap shows nothing at all (docs/limits.md). */
#include <stdlib.h>
#include <sys/mman.h>
#include <tare/tare.h>

#include "check.h"

enum { CHUNK_BYTES = 64 * 1024, PIECE_BYTES = 48 };

struct chunk {
    struct chunk *older;
    size_t used;
    char bytes[CHUNK_BYTES];
};

static struct chunk *arena;
static int chunks;

static void *arena_take(void)
{
    if (arena == NULL || arena->used + PIECE_BYTES > CHUNK_BYTES) {
        struct chunk *fresh = malloc(sizeof *fresh);
        CHECK(fresh != NULL);
        fresh->older = arena;
        fresh->used = 0;
        arena = fresh;
        chunks++;
    }
    arena->used += PIECE_BYTES;
    return arena->bytes + arena->used - PIECE_BYTES;
}

static void arena_free(void)
{
    while (arena != NULL) {
        struct chunk *chunk = arena;
        arena = chunk->older;
        free(chunk);
    }
}

int main(void)
{
    tare_stats stats;
    tare_measure(&stats) {
        for (int i = 0; i < 10000; i++)
            memset(arena_take(), 'x', PIECE_BYTES);
    }
    CHECK_EQUAL(chunks, 8); /* 1365 pieces each */
    CHECK_EQUAL(stats.allocations, chunks);
    CHECK_EQUAL(stats.bytes_allocated, (size_t)chunks * sizeof(struct chunk));
    CHECK_EQUAL(stats.leaked_allocations, chunks);

    tare_measure(&stats)
        arena_free();
    CHECK_EQUAL(stats.deallocations, chunks);
    CHECK_EQUAL(stats.inexact, 0);

    tare_measure(&stats) {
        void *mapped = mmap(NULL, CHUNK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        CHECK(mapped != MAP_FAILED);
        munmap(mapped, CHUNK_BYTES);
    }
    CHECK_EQUAL(stats.allocations, 0);
    CHECK_EQUAL(stats.inexact, 0);
    return 0;
}
