/* SPDX-License-Identifier: MIT */
/* Figures of wrapped allocators, to the digit, in every domain: over malloc, over
 * a pool, and over arenas that can't resize or can't free. */
#include <errno.h>
#include <stdlib.h>

#include "books.h"

static tare_domain domain;

/* 100 -> 300 -> 250, and then the end; and one that stays. */
static void *use(const tare_allocator *allocator)
{
    char *block = allocator->alloc(allocator->context, 100);
    CHECK(block != NULL);
    memset(block, 'x', 100);
    block = allocator->realloc(allocator->context, block, 300);
    CHECK(block != NULL && block[0] == 'x' && block[99] == 'x');
    block = allocator->realloc(allocator->context, block, 250);
    CHECK(block != NULL && block[99] == 'x');
    CHECK_EQUAL(tare_wrapped_size(allocator, block), 250);
    allocator->free(allocator->context, block);
    void *kept = allocator->realloc(allocator->context, NULL, 7);
    CHECK(kept != NULL);
    block = allocator->alloc(allocator->context, 40);
    errno = 77;
    CHECK(allocator->realloc(allocator->context, block, 0) == NULL);
    allocator->free(allocator->context, NULL);
    CHECK_EQUAL(errno, 77);
    return kept;
}
#define FIGURES_OF_USE 3, 2, 2, 347, 340, 150, 300, 1, 7, 0

static void by(const tare_allocator *inner)
{
    tare_stats stats, later;
    tare_allocator counted = tare_wrap(inner);
    CHECK(counted.alloc != NULL && counted.realloc != NULL && counted.free != NULL);
    void *kept = NULL;
    tare_measure(&stats, .domain = domain) {
        kept = use(&counted);
    }
    CHECK_FIGURES(&stats, FIGURES_OF_USE);
    tare_measure(&later, .domain = domain) {
        counted.free(counted.context, kept);
    }
    CHECK_FIGURES(&later, 0, 1, 0, 0, 7, 0, 0, 0, 0, 0);
}

/* ---- Arenas -------------------------------------------------------------- */

/* Pieces one byte apart, in a block of malloc that is taken inside the first
 * call, or was taken before. */
struct bump {
    char *memory;
    size_t used, calls;
};
enum { BUMP_BYTES = 4096 };

static void *bump_alloc(void *context, size_t size)
{
    struct bump *bump = context;
    bump->calls++;
    if (bump->memory == NULL)
        bump->memory = malloc(BUMP_BYTES);
    if (size > BUMP_BYTES - bump->used)
        return NULL;
    void *piece = bump->memory + bump->used;
    bump->used += size;
    return piece;
}

/* The arena's own block is taken inside, and given back outside: neither counts.
 * Its first piece begins where it does. */
static void arena(void)
{
    struct bump bump = {0};
    by(&(tare_allocator){bump_alloc, NULL, NULL, &bump});
    tare_stats stats;
    tare_measure(&stats, .domain = domain) {
        free(bump.memory);
    }
    CHECK_FIGURES(&stats, 0);
}

/* The arena's block counts where it is no part of a wrapped call. */
static void block_outside(void)
{
    tare_stats stats;
    tare_measure(&stats, .domain = domain) {
        struct bump bump = {.memory = malloc(BUMP_BYTES)};
        const tare_allocator arena = {bump_alloc, NULL, NULL, &bump};
        tare_allocator counted = tare_wrap(&arena);
        void *piece = counted.alloc(counted.context, 1);
        CHECK(piece == bump.memory);
        counted.free(counted.context, piece);
        free(bump.memory);
    }
    CHECK_FIGURES(&stats, 2, 2, 0, 4097, 4097, 0, 4097, 0, 0, 0);
}

/* Pieces of 1 byte side by side are all told apart. */
static void close_together(void)
{
    struct bump bump = {0};
    const tare_allocator inner = {bump_alloc, NULL, NULL, &bump};
    tare_allocator counted = tare_wrap(&inner);
    tare_stats stats;
    char *pieces[1000];
    tare_measure(&stats, .domain = domain) {
        for (int i = 0; i < 1000; i++)
            pieces[i] = counted.alloc(counted.context, 1);
        CHECK(pieces[999] - pieces[0] == 999);
        for (int i = 0; i < 1000; i += 2)
            counted.free(counted.context, pieces[i]);
    }
    CHECK_FIGURES(&stats, 1000, 500, 0, 1000, 500, 0, 1000, 500, 500, 0);
    tare_measure(&stats, .domain = domain) {
        tare_wrapped_free_all(&counted, pieces[0] + 1, 500);
    }
    CHECK_FIGURES(&stats, 0, 250, 0, 0, 250, 0, 0, 0, 0, 0);
    tare_wrapped_free_all(&counted, bump.memory, SIZE_MAX);
    tare_measure(&stats, .domain = domain) {
        tare_wrapped_free_all(&counted, bump.memory, SIZE_MAX);
    }
    CHECK_FIGURES(&stats, 0);
    free(bump.memory);
}

/* A piece where one was before that nobody gave back. */
static void reset_arena(void)
{
    struct bump bump = {0};
    const tare_allocator inner = {bump_alloc, NULL, NULL, &bump};
    tare_allocator counted = tare_wrap(&inner);
    tare_stats stats;
    tare_measure(&stats, .domain = domain) {
        for (int i = 0; i < 3; i++) {
            bump.used = 0;
            counted.alloc(counted.context, 60);
            counted.alloc(counted.context, 40);
        }
    }
    CHECK_FIGURES(&stats, 6, 4, 0, 300, 200, 0, 100, 2, 100, 0);
    tare_wrapped_free_all(&counted, bump.memory, BUMP_BYTES);
    free(bump.memory);
}

/* ---- Calls in calls ------------------------------------------------------ */

/* A pool that asks malloc for far more than it hands out. */
static void *wasteful_alloc(void *context, size_t size)
{
    void **last = context;
    void *piece = malloc(size + 1000);
    free(malloc(10));
    *last = realloc(*last, 100);
    return piece;
}

static void *wasteful_realloc(void *context, void *block, size_t size)
{
    (void)context;
    return realloc(block, size + 2000);
}

static void wasteful_free(void *context, void *block)
{
    (void)context;
    free(block);
}

static void nested_malloc(void)
{
    void *own = NULL;
    by(&(tare_allocator){wasteful_alloc, wasteful_realloc, wasteful_free, &own});
    tare_stats stats;
    tare_measure(&stats, .domain = domain) {
        own = realloc(own, 500);
        free(own);
    }
    CHECK_FIGURES(&stats, 0);
}

/* Wrapped twice, thrice: the outermost counts, and each keeps its own pieces apart. */
static void nested_wraps(void)
{
    tare_allocator once = tare_wrap(NULL), twice = tare_wrap(&once);
    by(&once);
    by(&twice);
    tare_stats stats;
    tare_measure(&stats, .domain = domain) {
        void *outer = twice.alloc(twice.context, 10);
        void *inner = once.alloc(once.context, 20);
        void *plain = malloc(40);
        twice.free(twice.context, outer);
        once.free(once.context, inner);
        free(plain);
    }
    CHECK_FIGURES(&stats, 3, 3, 0, 70, 70, 0, 70, 0, 0, 0);
}

/* ---- Failures ------------------------------------------------------------ */

static void failures(void)
{
    tare_allocator counted = tare_wrap(&books_allocator);
    tare_stats stats;
    void *piece = NULL;
    books_open();
    tare_measure(&stats, .domain = domain) {
        books.fail_at = books.calls + 1;
        CHECK(counted.alloc(counted.context, 10) == NULL);
        piece = counted.alloc(counted.context, 50);
        books.fail_at = books.calls + 1;
        CHECK(counted.realloc(counted.context, piece, 60) == NULL);
        CHECK_EQUAL(tare_wrapped_size(&counted, piece), 50);
    }
    check_books(&stats);
    CHECK_FIGURES(&stats, 1, 0, 0, 50, 0, 0, 50, 1, 50, 2);
    counted.free(counted.context, piece);

    struct bump bump = {0};
    const tare_allocator small = {bump_alloc, NULL, NULL, &bump};
    counted = tare_wrap(&small);
    tare_measure(&stats, .domain = domain) {
        piece = counted.alloc(counted.context, 3000);
        CHECK(counted.realloc(counted.context, piece, 3001) == NULL); /* no room to move to */
        CHECK(counted.realloc(counted.context, piece, 1000) != NULL);
    }
    CHECK_FIGURES(&stats, 1, 0, 1, 3000, 2000, -2000, 3000, 1, 1000, 1);
    tare_wrapped_free_all(&counted, bump.memory, BUMP_BYTES);
    free(bump.memory);
}

/* A block that is not the wrapped allocator's counts, and the result says so;
 * one whose size is not known can't be moved. */
static void unknown(void)
{
    tare_allocator counted = tare_wrap(&books_allocator);
    tare_stats stats;
    void *before = books_alloc(&books, 30), *known = books_alloc(&books, 40);
    tare_measure(&stats, .domain = domain) {
        counted.free(counted.context, before);
    }
    CHECK_EQUAL(stats.deallocations, 1);
    CHECK_EQUAL(stats.bytes_deallocated, 0);
    CHECK_EQUAL(stats.inexact, TARE_INEXACT_UNKNOWN_BLOCK);
    tare_measure(&stats, .domain = domain) {
        tare_wrapped_adopt(&counted, known, 40);
        tare_wrapped_adopt(&counted, known, 999);
        CHECK_EQUAL(tare_wrapped_size(&counted, known), 40);
        known = counted.realloc(counted.context, known, 100);
        counted.free(counted.context, known);
    }
    CHECK_FIGURES(&stats, 0, 1, 1, 60, 100, 60, 60, 0, 0, 0);
    char other[8];
    struct bump bump = {0};
    const tare_allocator arena = {bump_alloc, NULL, NULL, &bump};
    counted = tare_wrap(&arena);
    CHECK(counted.realloc(counted.context, other, 4) == NULL);
    CHECK_EQUAL(tare_wrapped_size(&counted, other), SIZE_MAX);
    CHECK_EQUAL(bump.calls, 0);
}

/* ---- Over malloc and around it -------------------------------------------- */

/* Blocks of malloc go on counting beside, before and after. */
static void beside_malloc(void)
{
    tare_stats stats;
    tare_allocator counted = tare_wrap(&books_allocator);
    tare_measure(&stats, .domain = domain) {
        void *a = malloc(1);
        void *b = counted.alloc(counted.context, 2);
        void *c = calloc(1, 4);
        counted.free(counted.context, b);
        free(a);
        free(c);
    }
    CHECK_FIGURES(&stats, 3, 3, 0, 7, 7, 0, 7, 0, 0, 0);
}

/* Scopes in scopes: each sees its own. */
static void nested_scopes(void)
{
    tare_stats inner, outer;
    tare_allocator counted = tare_wrap(&books_allocator);
    tare_measure(&outer, .domain = domain) {
        void *before = counted.alloc(counted.context, 10), *within = NULL;
        tare_measure(&inner, .domain = domain) {
            within = counted.alloc(counted.context, 20);
            before = counted.realloc(counted.context, before, 15);
            counted.free(counted.context, before);
        }
        counted.free(counted.context, within);
    }
    CHECK_FIGURES(&inner, 1, 1, 1, 25, 15, 5, 25, 1, 20, 0);
    CHECK_FIGURES(&outer, 2, 2, 1, 35, 35, 5, 35, 0, 0, 0);
}

int main(void)
{
    for (domain = TARE_THREAD; domain <= TARE_TASK; domain++) {
        by(NULL);
        by(&books_allocator);
        by(&(tare_allocator){books_alloc, NULL, books_free, &books});
        by(&(tare_allocator){books_alloc, books_realloc, NULL, &books});
        by(&(tare_allocator){books_alloc, NULL, NULL, &books});
        arena();
        block_outside();
        close_together();
        reset_arena();
        nested_malloc();
        nested_wraps();
        failures();
        unknown();
        beside_malloc();
        nested_scopes();
    }
    return 0;
}
