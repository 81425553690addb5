/* SPDX-License-Identifier: MIT */
/*
 * An allocator that may be interrupted anywhere and entered again, and jumped
 * out of: blocks of a power of two are cut from one mapping and kept, when
 * freed, in lists whose heads carry a count, so that a head that went away and
 * came back is told from one that stayed (R. K. Treiber, 1986). A jump out of it
 * loses a block, nothing more.
 */
#include "bump.h"

#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { GRANULE = 16, CLASSES = 40, NO_CLASS = 255 };
#define ARENA_BYTES ((size_t)8 << 30)

struct header {            /* in the 16 bytes before a block */
    _Atomic uint32_t next; /* offset of the next free block in granules; 0 ends the list */
    uint32_t class;
    uint64_t size;
};

static _Atomic(char *) arena;
static _Atomic size_t used = GRANULE;
static _Atomic uint64_t heads[CLASSES]; /* count above, offset in granules below */
_Atomic unsigned long bump_calls;

static char *arena_start(void)
{
    char *start = arena;
    if (start == NULL) {
        char *fresh =
            mmap(NULL, ARENA_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (fresh == MAP_FAILED)
            abort();
        if (atomic_compare_exchange_strong(&arena, &start, fresh))
            return fresh;
        munmap(fresh, ARENA_BYTES);
    }
    return start;
}

static struct header *header_at(uint32_t granules)
{
    return (struct header *)(void *)(arena_start() + (size_t)granules * GRANULE);
}

static struct header *header_of(void *block)
{
    return (struct header *)block - 1;
}

static struct header *pop(uint32_t class)
{
    uint64_t head = heads[class];
    while ((uint32_t)head != 0) {
        struct header *header = header_at((uint32_t)head);
        uint64_t next = ((head >> 32) + 1) << 32 | header->next;
        if (atomic_compare_exchange_weak(&heads[class], &head, next))
            return header;
    }
    return NULL;
}

/* A piece of the mapping that was never used. */
static void *cut(size_t bytes, size_t alignment, size_t size, uint32_t class)
{
    size_t from = atomic_fetch_add(&used, bytes + alignment);
    if (from + bytes + alignment > ARENA_BYTES)
        return NULL;
    uintptr_t block = (uintptr_t)arena_start() + from + sizeof(struct header);
    block = (block + alignment - 1) & ~(uintptr_t)(alignment - 1);
    struct header *header = header_of((void *)block);
    header->class = class;
    header->size = size;
    return header + 1;
}

static void *take(size_t size)
{
    bump_calls++;
    if (size > ARENA_BYTES / 4) {
        errno = ENOMEM;
        return NULL;
    }
    uint32_t class = 5;
    while (((size_t)1 << class) < size + sizeof(struct header))
        class ++;
    struct header *header = pop(class);
    if (header == NULL)
        return cut((size_t)1 << class, GRANULE, size, class);
    header->size = size;
    return header + 1;
}

void *malloc(size_t size)
{
    return take(size);
}

static void give(void *block)
{
    struct header *header = header_of(block);
    uint32_t class = header->class;
    if (class >= CLASSES)
        return;
    uint32_t granules = (uint32_t)((size_t)((char *)header - arena_start()) / GRANULE);
    uint64_t head = heads[class], next;
    do {
        header->next = (uint32_t)head;
        next = ((head >> 32) + 1) << 32 | granules;
    } while (!atomic_compare_exchange_weak(&heads[class], &head, next));
}

void free(void *block)
{
    if (block != NULL)
        give(block);
}

void *calloc(size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        bytes = SIZE_MAX;
    void *block = take(bytes);
    return block != NULL ? memset(block, 0, bytes) : NULL;
}

void *realloc(void *old, size_t size)
{
    void *block = take(size);
    if (block == NULL || old == NULL)
        return block;
    size_t old_size = header_of(old)->size;
    memcpy(block, old, old_size < size ? old_size : size);
    give(old);
    return block;
}

static void *take_aligned(size_t alignment, size_t size)
{
    bump_calls++;
    return cut((size + 2 * GRANULE) / GRANULE * GRANULE, alignment < GRANULE ? GRANULE : alignment, size, NO_CLASS);
}

void *memalign(size_t alignment, size_t size)
{
    return take_aligned(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return take_aligned(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size)
{
    *block = take_aligned(alignment, size);
    return *block != NULL ? 0 : ENOMEM;
}

size_t malloc_usable_size(void *block)
{
    return block != NULL ? header_of(block)->size : 0;
}
