/* SPDX-License-Identifier: MIT */
#ifndef TARE_ALLOCATOR_CJSON_H
#define TARE_ALLOCATOR_CJSON_H

/*
 * cJSON and cJSON_InitHooks().
 *
 * cJSON calls malloc, realloc and free: those count by themselves, without this.
 * It is for a cJSON whose memory shall be no malloc's.
 *
 *     tare_cjson_use(&mine);      before the first cJSON is made
 *     tare_cjson_stop();          after the last has ended
 *
 * The hooks have no argument to tell one allocator from another, so there is one
 * for the process, in variables of the file that includes this: call it from one
 * file. What cJSON uses now can't be asked of it. With hooks cJSON never calls
 * realloc: text that it prints grows by allocation, copy and deallocation. That
 * text is ended by cJSON_free(), not by free().
 */

#include <cjson/cJSON.h>
#include <tare/allocator.h>

static tare_allocator tare_cjson_allocator_;

static inline void *CJSON_CDECL tare_cjson_malloc_(size_t size)
{
    return tare_cjson_allocator_.alloc(tare_cjson_allocator_.context, size);
}

static inline void CJSON_CDECL tare_cjson_free_(void *block)
{
    tare_cjson_allocator_.free(tare_cjson_allocator_.context, block);
}

/* Makes cJSON allocate by inner, counted; inner must live until
 * tare_cjson_stop(). NULL stands for malloc. */
static inline void tare_cjson_use(const tare_allocator *inner)
{
    cJSON_Hooks hooks;
    hooks.malloc_fn = tare_cjson_malloc_;
    hooks.free_fn = tare_cjson_free_;
    tare_cjson_allocator_ = tare_wrap(inner);
    cJSON_InitHooks(&hooks);
}

/* Back to malloc. */
static inline void tare_cjson_stop(void)
{
    cJSON_InitHooks(NULL);
}

#endif
