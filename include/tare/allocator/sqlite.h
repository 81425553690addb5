/* SPDX-License-Identifier: MIT */
#ifndef TARE_ALLOCATOR_SQLITE_H
#define TARE_ALLOCATOR_SQLITE_H

/*
 * SQLite and its sqlite3_mem_methods.
 *
 * SQLite as distributions build it calls malloc, realloc and free: those count
 * by themselves, without this. It is for a SQLite whose memory shall be no
 * malloc's, or is none (memsys5, an application's pool).
 *
 *     tare_sqlite_use(&mine);     a SQLite over an allocator of yours
 *     tare_sqlite_wrap();         a SQLite that has one already
 *
 * Call either before sqlite3_initialize(), which most functions of SQLite call,
 * or after sqlite3_shutdown(). The methods have no argument to tell one allocator
 * from another, so there is one for the process, in variables of the file that
 * includes this: call it from one file.
 *
 * What counts is what SQLite asks the allocator for. That is what it needs,
 * rounded up by xRoundup: to multiples of 8, or as the wrapped methods do. Small
 * pieces that SQLite cuts from blocks it holds (lookaside, page cache) are none
 * of the allocator's; SQLITE_CONFIG_LOOKASIDE 0, 0 turns the former off.
 */

#include <sqlite3.h>
#include <tare/allocator.h>

static tare_allocator tare_sqlite_allocator_; /* wrapped */
static tare_allocator tare_sqlite_inner_;     /* for tare_sqlite_wrap() */
static sqlite3_mem_methods tare_sqlite_own_;

/* SQLite must be able to ask for the size of any piece: one whose size could not
 * be remembered is not handed out. */
static inline void *tare_sqlite_malloc_(int size)
{
    void *block = tare_sqlite_allocator_.alloc(tare_sqlite_allocator_.context, (size_t)size);
    if (block == NULL || tare_wrapped_size(&tare_sqlite_allocator_, block) != SIZE_MAX)
        return block;
    tare_sqlite_allocator_.free(tare_sqlite_allocator_.context, block);
    return NULL;
}

static inline void tare_sqlite_free_(void *block)
{
    tare_sqlite_allocator_.free(tare_sqlite_allocator_.context, block);
}

static inline void *tare_sqlite_realloc_(void *block, int size)
{
    return tare_sqlite_allocator_.realloc(tare_sqlite_allocator_.context, block, (size_t)size);
}

static inline int tare_sqlite_size_(void *block)
{
    size_t size = block != NULL ? tare_wrapped_size(&tare_sqlite_allocator_, block) : 0;
    return size != SIZE_MAX ? (int)size : 0;
}

static inline int tare_sqlite_roundup_(int size)
{
    return (size + 7) & ~7;
}

static inline int tare_sqlite_init_(void *unused)
{
    (void)unused;
    return SQLITE_OK;
}

static inline void tare_sqlite_shutdown_(void *unused)
{
    (void)unused;
}

/* Makes SQLite allocate by inner, counted; inner must live until
 * sqlite3_shutdown(), hand out pieces aligned to 8 bytes, and be safe for the
 * threads that use SQLite. NULL stands for malloc. Returns what sqlite3_config()
 * does: SQLITE_MISUSE where SQLite is initialized. */
static inline int tare_sqlite_use(const tare_allocator *inner)
{
    static const sqlite3_mem_methods methods = {
        tare_sqlite_malloc_,  tare_sqlite_free_, tare_sqlite_realloc_,  tare_sqlite_size_,
        tare_sqlite_roundup_, tare_sqlite_init_, tare_sqlite_shutdown_, NULL};
    int error = sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
    if (error == SQLITE_OK)
        tare_sqlite_allocator_ = tare_wrap(inner);
    return error;
}

static inline void *tare_sqlite_own_malloc_(void *unused, size_t size)
{
    (void)unused;
    return tare_sqlite_own_.xMalloc((int)size);
}

static inline void *tare_sqlite_own_realloc_(void *unused, void *block, size_t size)
{
    (void)unused;
    return tare_sqlite_own_.xRealloc(block, (int)size);
}

static inline void tare_sqlite_own_free_(void *unused, void *block)
{
    (void)unused;
    tare_sqlite_own_.xFree(block);
}

static inline void *tare_sqlite_wrapped_malloc_(int size)
{
    return tare_sqlite_allocator_.alloc(tare_sqlite_allocator_.context, (size_t)size);
}

/* Counts what SQLite allocates by the methods it has, which go on saying what a
 * piece's size is and how sizes are rounded. Returns what sqlite3_config() does. */
static inline int tare_sqlite_wrap(void)
{
    sqlite3_mem_methods own, methods;
    int error = sqlite3_config(SQLITE_CONFIG_GETMALLOC, &own);
    if (error != SQLITE_OK || own.xFree == tare_sqlite_free_) /* counted already */
        return error;
    methods = own;
    methods.xMalloc = tare_sqlite_wrapped_malloc_;
    methods.xFree = tare_sqlite_free_;
    methods.xRealloc = tare_sqlite_realloc_;
    error = sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
    if (error != SQLITE_OK)
        return error;
    tare_sqlite_own_ = own;
    tare_sqlite_inner_.alloc = tare_sqlite_own_malloc_;
    tare_sqlite_inner_.realloc = tare_sqlite_own_realloc_;
    tare_sqlite_inner_.free = tare_sqlite_own_free_;
    tare_sqlite_inner_.context = NULL;
    tare_sqlite_allocator_ = tare_wrap(&tare_sqlite_inner_);
    return SQLITE_OK;
}

#endif
