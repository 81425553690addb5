/* SPDX-License-Identifier: MIT */
/*
 * A bump allocator. Chunks form a list that only grows, so looking whether a
 * block is ours needs no lock. Each block is preceded by its size, which is
 * ours to do here: nobody but tare ever laid this memory out.
 */
#include "boot.h"

#include <string.h>

#include "compiler.h"
#include "os.h"

#ifndef TARE__BOOT_FIRST_BYTES
#define TARE__BOOT_FIRST_BYTES (16u * 1024)
#endif
#define SPILL_BYTES (256u * 1024)
#define USUAL_ALIGNMENT 16u

struct chunk {
    struct chunk *older;
    size_t bytes; /* all of it, this header too */
    size_t used;  /* this header too; above bytes when full */
};

static union {
    struct chunk chunk;
    char bytes[TARE__BOOT_FIRST_BYTES];
} first __attribute__((aligned(16))) = {.chunk = {NULL, TARE__BOOT_FIRST_BYTES, sizeof(struct chunk)}};

static struct chunk *newest = &first.chunk;

/* Takes room for the size word, the block and any alignment between them. */
static void *take(struct chunk *chunk, size_t alignment, size_t size)
{
    size_t room = sizeof(size_t) + alignment + size;
    if (room < size || room > chunk->bytes)
        return NULL;
    size_t from = __atomic_fetch_add(&chunk->used, room, __ATOMIC_RELAXED);
    if (from > chunk->bytes - room)
        return NULL;
    uintptr_t start = (uintptr_t)chunk + from + sizeof(size_t);
    uintptr_t block = (start + alignment - 1) & ~(uintptr_t)(alignment - 1);
    memcpy((void *)(block - sizeof(size_t)), &size, sizeof size);
    return (void *)block;
}

static bool spill(size_t alignment, size_t size)
{
    size_t need = sizeof(struct chunk) + sizeof(size_t) + alignment + size;
    if (need < size || need > SIZE_MAX / 2)
        return false;
    size_t bytes = (need / SPILL_BYTES + 1) * SPILL_BYTES;
    struct chunk *chunk = tare__os_map(bytes);
    if (chunk == NULL)
        return false;
    chunk->bytes = bytes;
    chunk->used = sizeof *chunk;
    chunk->older = __atomic_load_n(&newest, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(&newest, &chunk->older, chunk, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED)) {
    }
    return true;
}

void *tare__boot_allocate(size_t alignment, size_t size)
{
    if (alignment < USUAL_ALIGNMENT)
        alignment = USUAL_ALIGNMENT;
    for (;;) {
        void *block = take(__atomic_load_n(&newest, __ATOMIC_ACQUIRE), alignment, size);
        if (block != NULL || !spill(alignment, size))
            return block;
    }
}

bool tare__boot_owns(const void *block)
{
    for (const struct chunk *chunk = __atomic_load_n(&newest, __ATOMIC_ACQUIRE); chunk != NULL; chunk = chunk->older)
        if ((uintptr_t)block - (uintptr_t)chunk < chunk->bytes)
            return true;
    return false;
}

size_t tare__boot_size(const void *block)
{
    size_t size;
    memcpy(&size, (const char *)block - sizeof size, sizeof size);
    return size;
}

void *tare__boot_reallocate(void *block, size_t size)
{
    void *fresh = tare__boot_allocate(0, size);
    if (fresh != NULL && block != NULL) {
        size_t old = tare__boot_size(block);
        memcpy(fresh, block, old < size ? old : size);
    }
    return fresh;
}
