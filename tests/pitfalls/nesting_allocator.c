/* SPDX-License-Identifier: MIT */
/*
 * An allocator whose functions call each other by name, as musl's do: valloc ->
 * memalign -> aligned_alloc -> malloc, calloc -> malloc, realloc -> malloc and
 * free. Each such call is one through the PLT, so that an interposer in front
 * sees it. Never gives memory back; the size stands before each block.
 */
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { HEAP_BYTES = 32 << 20 };

static char heap[HEAP_BYTES] __attribute__((aligned(4096)));
static size_t used;

/* For the test: how often each end of the nest was reached, and which malloc
 * the calls in here reach first. */
unsigned nesting_mallocs;
unsigned nesting_frees;
void *(*nesting_calls)(size_t size) = malloc;

static size_t *size_of(void *block)
{
    return (size_t *)block - 1;
}

void *malloc(size_t size)
{
    __atomic_add_fetch(&nesting_mallocs, 1, __ATOMIC_RELAXED);
    size_t room = size < HEAP_BYTES ? ((size + 15) & ~(size_t)15) + 16 : HEAP_BYTES + 1;
    size_t from = __atomic_fetch_add(&used, room <= HEAP_BYTES ? room : 0, __ATOMIC_RELAXED);
    if (room > HEAP_BYTES || from + room > HEAP_BYTES) {
        errno = ENOMEM;
        return NULL;
    }
    void *block = heap + from + 16;
    *size_of(block) = size;
    return block;
}

void free(void *block)
{
    if (block != NULL)
        __atomic_add_fetch(&nesting_frees, 1, __ATOMIC_RELAXED);
}

void *calloc(size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return malloc(bytes); /* never used before: all zeros */
}

void *realloc(void *old, size_t size)
{
    void *block = malloc(size);
    if (block != NULL && old != NULL) {
        memcpy(block, old, *size_of(old) < size ? *size_of(old) : size);
        free(old);
    }
    return block;
}

void *reallocarray(void *old, size_t count, size_t size)
{
    return realloc(old, count * size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    char *block = malloc(size + alignment);
    if (block == NULL || alignment <= 16)
        return block;
    block += alignment - (uintptr_t)block % alignment;
    *size_of(block) = size;
    return block;
}

void *memalign(size_t alignment, size_t size)
{
    return aligned_alloc(alignment, size);
}

int posix_memalign(void **result, size_t alignment, size_t size)
{
    void *block = memalign(alignment, size);
    if (block == NULL)
        return ENOMEM;
    *result = block;
    return 0;
}

void *valloc(size_t size)
{
    return memalign(4096, size);
}

void *pvalloc(size_t size)
{
    return valloc((size + 4095) & ~(size_t)4095);
}

size_t malloc_usable_size(void *block)
{
    return block != NULL ? *size_of(block) : 0;
}
