/* SPDX-License-Identifier: MIT */
/*
 * An allocator of the test's own, which keeps books by the rules of tare.h, so
 * that tare's figures can be compared with figures it had no hand in. Its pieces
 * come from memory that malloc never sees: what it counts, tare counts only by
 * the wrapped calls. Safe for threads. Nothing here allocates by malloc.
 */
#ifndef BOOKS_H
#define BOOKS_H

#include <pthread.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <tare/allocator.h>

#include "check.h"

enum { BOOKS_BYTES = 512 << 20, BOOKS_CLASSES = 40 };

struct books_piece {
    alignas(16) size_t size;
    union {
        struct books_piece *next; /* of the free ones */
        uint64_t alive;
    };
};
#define BOOKS_ALIVE 0xa11ea11ea11ea11eu

static struct books {
    pthread_mutex_t lock;
    tare_stats stats;
    int64_t net, peak;
    uint64_t calls;
    uint64_t fail_at; /* the call that fails, from 1 on; 0 for none */
    char *memory;
    size_t used;
    struct books_piece *free[BOOKS_CLASSES];
} books = {.lock = PTHREAD_MUTEX_INITIALIZER};

static inline unsigned books_class(size_t size)
{
    unsigned class = 0;
    while (((size_t)16 << class) < size)
        class ++;
    return class;
}

static inline void books_grow(int64_t growth)
{
    if (growth > 0)
        books.stats.bytes_allocated += (uint64_t)growth;
    else
        books.stats.bytes_deallocated += (uint64_t)-growth;
    books.net += growth;
    books.stats.leaked_bytes += (uint64_t)growth;
    if (books.net > books.peak)
        books.peak = books.net;
    books.stats.peak_bytes = (uint64_t)books.peak;
}

/* Books from 0; pieces that live are of before. */
static inline void books_open(void)
{
    pthread_mutex_lock(&books.lock);
    memset(&books.stats, 0, sizeof books.stats);
    books.net = books.peak = 0;
    pthread_mutex_unlock(&books.lock);
}

static inline bool books_fails(void)
{
    if (++books.calls != books.fail_at)
        return false;
    books.stats.failed_allocations++;
    return true;
}

static inline struct books_piece *books_take(size_t size)
{
    unsigned class = books_class(size);
    struct books_piece *piece = books.free[class];
    if (books.memory == NULL) {
        books.memory =
            mmap(NULL, BOOKS_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        CHECK(books.memory != MAP_FAILED);
    }
    if (piece != NULL) {
        books.free[class] = piece->next;
    } else {
        size_t bytes = sizeof *piece + ((size_t)16 << class);
        CHECK(books.used + bytes <= BOOKS_BYTES);
        piece = (struct books_piece *)(books.memory + books.used);
        books.used += bytes;
    }
    piece->size = size;
    piece->alive = BOOKS_ALIVE;
    return piece;
}

static inline void books_give(struct books_piece *piece)
{
    unsigned class = books_class(piece->size);
    CHECK(piece->alive == BOOKS_ALIVE);
    piece->next = books.free[class];
    books.free[class] = piece;
}

static inline void *books_alloc(void *context, size_t size)
{
    CHECK(context == &books);
    pthread_mutex_lock(&books.lock);
    struct books_piece *piece = NULL;
    if (!books_fails()) {
        piece = books_take(size);
        books.stats.allocations++;
        books.stats.leaked_allocations++;
        books_grow((int64_t)size);
    }
    pthread_mutex_unlock(&books.lock);
    return piece != NULL ? piece + 1 : NULL;
}

static inline void books_free(void *context, void *block)
{
    CHECK(context == &books && block != NULL);
    struct books_piece *piece = (struct books_piece *)block - 1;
    pthread_mutex_lock(&books.lock);
    books.stats.deallocations++;
    books.stats.leaked_allocations--;
    books_grow(-(int64_t)piece->size);
    books_give(piece);
    pthread_mutex_unlock(&books.lock);
}

static inline void *books_realloc(void *context, void *block, size_t size)
{
    CHECK(context == &books && block != NULL && size != 0);
    struct books_piece *old = (struct books_piece *)block - 1, *piece = NULL;
    pthread_mutex_lock(&books.lock);
    if (!books_fails()) {
        int64_t growth = (int64_t)size - (int64_t)old->size;
        piece = books_take(size);
        memcpy(piece + 1, block, old->size < size ? old->size : size);
        books_give(old);
        books.stats.reallocations++;
        books.stats.bytes_reallocated += growth;
        books_grow(growth);
    }
    pthread_mutex_unlock(&books.lock);
    return piece != NULL ? piece + 1 : NULL;
}

static const tare_allocator books_allocator __attribute__((unused)) = {books_alloc, books_realloc, books_free, &books};

#define CHECK_NEXT_FIGURE(type, name, unit, text) CHECK_EQUAL(the_stats_->name, *next_++);
/* All ten statistics in their order, and that they are exact. */
#define CHECK_FIGURES(stats, ...)                                                                                      \
    do {                                                                                                               \
        const int64_t figures_[10] = {__VA_ARGS__};                                                                    \
        const tare_stats *the_stats_ = (stats);                                                                        \
        const int64_t *next_ = figures_;                                                                               \
        TARE_STATISTICS(CHECK_NEXT_FIGURE)                                                                             \
        CHECK_EQUAL(the_stats_->inexact, 0);                                                                           \
    } while (0)

/* Every statistic to the digit, and that there was something to count. */
static inline void check_books(const tare_stats *stats)
{
#define CHECK_STATISTIC(type, name, unit, text) CHECK_EQUAL(stats->name, books.stats.name);
    TARE_STATISTICS(CHECK_STATISTIC)
#undef CHECK_STATISTIC
    CHECK_EQUAL(stats->inexact, 0);
    CHECK(stats->allocations > 0);
}

#endif
