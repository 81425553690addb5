/* SPDX-License-Identifier: MIT */
/*
 * The sanitizer's allocator, asked for the sizes of glibc's chunks. ThreadSanitizer's
 * blocks may lie 16 bytes apart, so over it tare would go the general way with
 * every call; so it takes the short ways, and those are what is to be looked at.
 */
#include <stddef.h>
#include <stdint.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__real_memalign(size_t alignment, size_t size);
int __real_posix_memalign(void **block, size_t alignment, size_t size);

void *glibc_like_malloc(size_t size);
void *glibc_like_calloc(size_t count, size_t size);
void *glibc_like_realloc(void *block, size_t size);
void *glibc_like_memalign(size_t alignment, size_t size);
void *glibc_like_aligned_alloc(size_t alignment, size_t size);
int glibc_like_posix_memalign(void **block, size_t alignment, size_t size);

/* What a chunk of glibc's has room for: multiples of 16, less its header. */
static size_t usable(size_t size)
{
    if (size > PTRDIFF_MAX)
        return size;
    return size <= 24 ? 24 : ((size + 8 + 15) & ~(size_t)15) - 8;
}

void *glibc_like_malloc(size_t size)
{
    return __real_malloc(usable(size));
}

void *glibc_like_calloc(size_t count, size_t size)
{
    size_t bytes;
    return __builtin_mul_overflow(count, size, &bytes) ? __real_calloc(count, size) : __real_calloc(1, usable(bytes));
}

void *glibc_like_realloc(void *block, size_t size)
{
    return __real_realloc(block, size != 0 ? usable(size) : 0);
}

void *glibc_like_memalign(size_t alignment, size_t size)
{
    return __real_memalign(alignment, usable(size));
}

/* The sanitizer's takes only multiples of the alignment. */
void *glibc_like_aligned_alloc(size_t alignment, size_t size)
{
    return __real_memalign(alignment, usable(size));
}

int glibc_like_posix_memalign(void **block, size_t alignment, size_t size)
{
    return __real_posix_memalign(block, alignment, usable(size));
}
