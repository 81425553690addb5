/* SPDX-License-Identifier: MIT */
/* An arena that tells of its own pieces, and what it keeps out of the figures. */
#include <errno.h>
#include <setjmp.h>
#include <stdlib.h>

#include "books.h"

static tare_domain domain;

static char memory[1 << 16];

static void pieces(void)
{
    tare_stats stats;
    tare_measure(&stats, .domain = domain) {
        errno = 77;
        tare_note_alloc(memory, 100);
        tare_note_alloc(memory + 100, 1);
        tare_note_alloc(memory + 101, 1);
        tare_note_realloc(memory, memory + 200, 300);
        tare_note_realloc(memory + 200, memory + 200, 250);
        tare_note_realloc(NULL, memory + 900, 5);
        tare_note_free(memory + 100);
        tare_note_free(NULL);
        tare_note_free(memory + 200);
        tare_note_alloc(NULL, 10);
        tare_note_realloc(memory + 900, NULL, 500);
        CHECK_EQUAL(errno, 77);
    }
    CHECK_FIGURES(&stats, 4, 2, 2, 307, 301, 150, 302, 2, 6, 2);
    tare_measure(&stats, .domain = domain) {
        tare_note_free_all(memory, sizeof memory);
        tare_note_free_all(memory, sizeof memory);
    }
    CHECK_FIGURES(&stats, 0, 2, 0, 0, 6, 0, 0, 0, 0, 0);
}

/* A piece at the address of the block it is cut from, and one at an address that was noted. */
static void coincidences(void)
{
    tare_stats stats;
    tare_measure(&stats, .domain = domain) {
        char *block = malloc(1000);
        tare_note_alloc(block, 10);
        tare_note_alloc(block, 20);
        free(block);
        tare_note_free(block);
    }
    CHECK_FIGURES(&stats, 3, 3, 0, 1030, 1030, 0, 1020, 0, 0, 0);
    tare_measure(&stats, .domain = domain) {
        tare_note_alloc(memory, 10);
        tare_note_alloc(memory + 10, 5);
        tare_note_realloc(memory + 10, memory, 7); /* the arena was reset in between */
        tare_note_free(memory);
    }
    CHECK_FIGURES(&stats, 2, 2, 1, 17, 17, 2, 15, 0, 0, 0);
}

static void unknown(void)
{
    tare_stats stats;
    tare_measure(&stats, .domain = domain) {
        tare_note_free(memory);
    }
    CHECK_EQUAL(stats.deallocations, 1);
    CHECK_EQUAL(stats.inexact, TARE_INEXACT_UNKNOWN_BLOCK);
    tare_measure(&stats, .domain = domain) {
        tare_note_realloc(memory, memory + 1, 10);
        tare_note_free(memory + 1);
    }
    CHECK_EQUAL(stats.reallocations, 1);
    CHECK_EQUAL(stats.bytes_reallocated, 0);
    CHECK_EQUAL(stats.inexact, TARE_INEXACT_UNKNOWN_BLOCK);
}

/* Which of many pieces end, by pages and by the whole table, and of many births. */
static void stretches(void)
{
    enum { PIECES = 8192, STEP = 8, BIRTHS = 30 };
    tare_stats stats, inner;
    tare_measure(&stats, .domain = domain) {
        for (int i = 0; i < PIECES; i++)
            tare_note_alloc(memory + i * STEP, (size_t)i % 5);
        tare_note_free_all(memory + 1, 4095 * STEP); /* all of the first half but its first */
        tare_note_free_all(memory + 1, 0);
    }
    CHECK_EQUAL(stats.allocations, PIECES);
    CHECK_EQUAL(stats.deallocations, 4095);
    CHECK_EQUAL(stats.leaked_allocations, PIECES - 4095);
    CHECK_EQUAL(stats.inexact, 0);
    tare_note_free(memory);
    tare_measure(&stats, .domain = domain) {
        tare_note_free_all(NULL, SIZE_MAX);
    }
    CHECK_EQUAL(stats.deallocations, PIECES - 4096);
    for (int whole = 0; whole < 2; whole++) {
        tare_measure(&stats, .domain = domain) {
            for (int i = 0; i < BIRTHS; i++) {
                tare_measure(&inner, .domain = domain) {
                    tare_note_alloc(memory + i, 3);
                    tare_note_alloc(memory + 5000 + i, 4);
                }
                CHECK_FIGURES(&inner, 2, 0, 0, 7, 0, 0, 7, 2, 7, 0);
            }
            tare_note_free_all(whole ? NULL : memory, whole ? SIZE_MAX : sizeof memory);
        }
        CHECK_FIGURES(&stats, 2 * BIRTHS, 2 * BIRTHS, 0, 7 * BIRTHS, 7 * BIRTHS, 0, 7 * BIRTHS, 0, 0, 0);
    }
}

/* ---- An arena as one would write it --------------------------------------- */

struct arena {
    char *chunk;
    size_t used;
};
enum { CHUNK_BYTES = 1 << 16 };

static void *arena_alloc(struct arena *arena, size_t size)
{
    if (arena->chunk == NULL)
        tare_uncounted() {
            arena->chunk = malloc(CHUNK_BYTES);
        }
    void *piece = arena->chunk + arena->used;
    arena->used += size;
    tare_note_alloc(piece, size);
    return piece;
}

static void arena_reset(struct arena *arena)
{
    tare_note_free_all(arena->chunk, arena->used);
    arena->used = 0;
}

static void frames(void)
{
    struct arena arena = {0};
    tare_stats stats;
    tare_measure(&stats, .domain = domain) {
        for (int frame = 0; frame < 100; frame++) {
            for (size_t i = 1; i <= 50; i++)
                arena_alloc(&arena, i);
            arena_reset(&arena);
        }
        free(arena.chunk); /* made uncounted, ends uncounted */
    }
    CHECK_FIGURES(&stats, 5000, 5000, 0, 127500, 127500, 0, 1275, 0, 0, 0);
}

/* Notes inside a wrapped call are that call's affair. */
static void *arena_alloc_by(void *context, size_t size)
{
    return arena_alloc(context, size);
}

static void noted_and_wrapped(void)
{
    struct arena arena = {0};
    const tare_allocator inner = {arena_alloc_by, NULL, NULL, &arena};
    tare_allocator counted = tare_wrap(&inner);
    tare_stats stats;
    tare_measure(&stats, .domain = domain) {
        void *piece = counted.alloc(counted.context, 10);
        counted.free(counted.context, piece);
        arena_reset(&arena); /* what was noted in there counts nowhere */
    }
    CHECK_FIGURES(&stats, 1, 1, 0, 10, 10, 0, 10, 0, 0, 0);
    free(arena.chunk);
}

/* ---- What shall not count ------------------------------------------------- */

static void *leave_by_return(void)
{
    tare_uncounted() {
        return malloc(10);
    }
    return NULL;
}

static void uncounted(void)
{
    tare_stats stats;
    void *inside = NULL, *outside = NULL;
    tare_measure(&stats, .domain = domain) {
        outside = malloc(100);
        tare_uncounted() {
            inside = malloc(1000);
            inside = realloc(inside, 2000);
            tare_uncounted() {
                free(calloc(3, 3));
            }
            free(malloc(1));
            free(outside);
            tare_note_alloc(memory, 10);
        }
        tare_note_free(memory);
        free(inside);
        for (int i = 0; i < 3; i++)
            tare_uncounted() {
                free(malloc(4));
                continue;
            }
        free(leave_by_return());
        free(malloc(7));
    }
    CHECK_FIGURES(&stats, 2, 1, 0, 107, 7, 0, 107, 0, 0, 0);
}

/* Without a scope, too, its blocks are no one's. */
static void uncounted_before(void)
{
    void *block = NULL;
    tare_stats stats;
    tare_uncounted() {
        block = malloc(10);
    }
    tare_measure(&stats, .domain = domain) {
        free(block);
    }
    CHECK_FIGURES(&stats, 0);
}

static int errors, last_error;

static void remember_error(const tare_failure *failure, void *context)
{
    (void)context;
    errors++;
    last_error = failure->error;
}

/* No scope opens or closes in such a block, or in a wrapped call. */
static void no_scopes_inside(void)
{
    tare_stats stats;
    tare_set_failure_handler(remember_error, NULL, NULL, NULL);
    tare_scope *scope = tare_open(.domain = domain);
    errors = 0;
    tare_uncounted() {
        CHECK(tare_open(.domain = domain) == NULL);
        CHECK_EQUAL(tare_read(scope, &stats), TARE_ERROR_BUSY);
        CHECK_EQUAL(tare_close(scope, &stats), TARE_ERROR_BUSY);
    }
    CHECK_EQUAL(errors, 3);
    CHECK_EQUAL(last_error, TARE_ERROR_BUSY);
    CHECK_EQUAL(tare_close(scope, &stats), 0);
    CHECK_EQUAL(stats.inexact, 0);
    tare_set_failure_handler(NULL, NULL, NULL, NULL);
}

/* ---- Jumps ---------------------------------------------------------------- */

static jmp_buf outside;

static __attribute__((noinline)) void jump_out_of_block(void)
{
    tare_uncounted() {
        free(malloc(1));
        longjmp(outside, 1);
    }
}

static void *jumping_alloc(void *context, size_t size)
{
    (void)context, (void)size;
    longjmp(outside, 1);
}

static __attribute__((noinline)) void jump_out_of_call(void)
{
    static const tare_allocator jumping = {jumping_alloc, NULL, NULL, NULL};
    tare_allocator counted = tare_wrap(&jumping);
    counted.alloc(counted.context, 1);
}

/* Further down the stack than closing a scope reaches: from less far, that is the error BUSY. */
static __attribute__((noinline)) void go_down(void (*jump)(void))
{
    volatile char room[4096];
    room[0] = 0;
    jump();
    room[1] = room[0];
}

/* What a jump leaves is never silent, and the next scope is exact. */
static void left_by_jump(void (*jump)(void))
{
    tare_stats stats;
    tare_scope *scope = tare_open(.domain = TARE_THREAD);
    if (setjmp(outside) == 0)
        go_down(jump);
    free(malloc(1));
    CHECK_EQUAL(tare_close(scope, &stats), 0);
    CHECK_EQUAL(stats.inexact, TARE_INEXACT_REENTERED);
    tare_measure(&stats) {
        free(malloc(3));
    }
    CHECK_FIGURES(&stats, 1, 1, 0, 3, 3, 0, 3, 0, 0, 0);
}

int main(void)
{
    for (domain = TARE_THREAD; domain <= TARE_TASK; domain++) {
        pieces();
        coincidences();
        unknown();
        stretches();
        frames();
        noted_and_wrapped();
        uncounted();
        uncounted_before();
        if (domain != TARE_TASK)
            no_scopes_inside();
    }
    left_by_jump(jump_out_of_block);
    left_by_jump(jump_out_of_call);
    return 0;
}
