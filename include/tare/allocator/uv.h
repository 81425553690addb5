/* SPDX-License-Identifier: MIT */
#ifndef TARE_ALLOCATOR_UV_H
#define TARE_ALLOCATOR_UV_H

/*
 * libuv and uv_replace_allocator().
 *
 * libuv calls malloc, calloc, realloc and free: those count by themselves,
 * without this. It is for a libuv whose memory shall be no malloc's.
 *
 *     tare_uv_use(&mine);      before any other function of libuv
 *
 * uv_replace_allocator() has no argument to tell one allocator from another, so
 * there is one for the process, in variables of the file that includes this:
 * call it from one file. What libuv uses now can't be asked of it.
 */

#include <string.h>
#include <tare/allocator.h>
#include <uv.h>

static tare_allocator tare_uv_allocator_;

static inline void *tare_uv_malloc_(size_t size)
{
    return tare_uv_allocator_.alloc(tare_uv_allocator_.context, size);
}

static inline void *tare_uv_realloc_(void *block, size_t size)
{
    return tare_uv_allocator_.realloc(tare_uv_allocator_.context, block, size);
}

static inline void *tare_uv_calloc_(size_t count, size_t size)
{
    void *block;
    if (size != 0 && count > SIZE_MAX / size)
        return NULL;
    block = tare_uv_malloc_(count * size);
    if (block != NULL)
        memset(block, 0, count * size);
    return block;
}

static inline void tare_uv_free_(void *block)
{
    tare_uv_allocator_.free(tare_uv_allocator_.context, block);
}

/* Makes libuv allocate by inner, counted; inner must live as long as libuv is
 * used, and be safe for the threads of its pool. NULL stands for malloc. Returns
 * 0 or a negative error of libuv. uv_library_shutdown() gives back what libuv
 * keeps. */
static inline int tare_uv_use(const tare_allocator *inner)
{
    tare_uv_allocator_ = tare_wrap(inner);
    return uv_replace_allocator(tare_uv_malloc_, tare_uv_realloc_, tare_uv_calloc_, tare_uv_free_);
}

#endif
