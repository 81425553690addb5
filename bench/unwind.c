/* SPDX-License-Identifier: MIT */
/*
 * What a call stack costs at two depths: the walk alone by each unwinder, and what
 * tare does for an allocation (the walk and the id of the stack), without the memory
 * of the last walk, with the same stack again and with some inner frames that have
 * changed. Prints a line for each: name, nanoseconds a stack and a frame (medians of
 * the rounds), frames. Nothing is asserted. Where libunwind is linked, backtrace() is
 * libunwind's.
 */
#include <execinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#ifdef WITH_LIBUNWIND
#define UNW_LOCAL_ONLY
#include <libunwind.h>
#endif

#include "callstack.h"
#include "capture_pieces.h"
#include "frames.h"
#include "unwinder.h"

#ifndef CODE
#define CODE "plain" /* by hand */
#endif

#define NOINLINE __attribute__((noinline))

enum { ROUNDS = 25, WALKS = 2000, FRAMES_MAX = 256 };

static uintptr_t frames[FRAMES_MAX];
static struct tare__unwind_stack stack;

static double now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* ---- The walk alone -------------------------------------------------------------- */

static uint32_t by_tables(void)
{
    struct tare__unwind walk = tare__unwind_here(stack);
    uint32_t depth = tare__unwind_walk(&walk, frames, FRAMES_MAX, 0).depth;
    stack = walk.stack;
    return depth;
}

static uint32_t by_frame_pointers(void)
{
    struct tare__unwind walk = tare__unwind_here(stack);
    uint32_t depth = tare__unwind_walk_frame_pointers(&walk, frames, FRAMES_MAX, 0).depth;
    stack = walk.stack;
    return depth;
}

static uint32_t by_libgcc(void)
{
    return tare__unwind_slowly(frames, FRAMES_MAX, 0).depth;
}

static uint32_t by_backtrace(void)
{
    return (uint32_t)backtrace((void **)frames, FRAMES_MAX);
}

#ifdef WITH_LIBUNWIND
static uint32_t by_libunwind(void)
{
    return (uint32_t)unw_backtrace((void **)frames, FRAMES_MAX);
}
#endif

/* ---- With the stack's id ----------------------------------------------------------- */

/* What callstack.c and pieces.c need of the rest. */
struct tare__thread tare__late_thread;
bool tare__birth_add_sites(void *piece, uint32_t *first)
{
    (void)piece;
    (void)first;
    return false;
}

static struct tare__thread thread;

static uint32_t depth_of(uint32_t id)
{
    return id != 0 ? tare__frame_at(id)->depth : 0;
}

/* As a hook of malloc that notes its caller, and as a function that its hook calls. */
NOINLINE static uint32_t capture(void)
{
    return depth_of(tare__callstack_from(&thread, TARE__CALLER));
}

NOINLINE static uint32_t capture_below(uintptr_t above)
{
    return depth_of(tare__callstack(&thread, above));
}

NOINLINE static uint32_t capture_from_below(void)
{
    volatile uint32_t depth = capture_below(TARE__FRAME);
    return depth;
}

static uint32_t same(void)
{
    volatile uint32_t depth = capture();
    return depth;
}

static uint32_t same_from_below(void)
{
    volatile uint32_t depth = capture_from_below();
    return depth;
}

/* The last walk holds no longer, but where the stack is is known. */
static uint32_t all_new(void)
{
    tare__frames_epoch++;
    volatile uint32_t depth = capture();
    return depth;
}

#define INNER(name, words, next)                                                                                       \
    NOINLINE static uint32_t name(void)                                                                                \
    {                                                                                                                  \
        volatile uint32_t kept[words] = {0};                                                                           \
        return next() + kept[0];                                                                                       \
    }
INNER(inner_a, 3, capture)
INNER(middle_a, 5, inner_a)
INNER(inner_b, 7, capture)
INNER(middle_b, 2, inner_b)

/* Three frames have changed each time. */
static uint32_t changed(void)
{
    static unsigned turn;
    return ++turn % 2 == 0 ? middle_a() : middle_b();
}

/* ---- Medians -------------------------------------------------------------------------- */

static const struct {
    const char *name;
    uint32_t (*walk)(void);
    int walks;
} ways[] = {
    {"tables", by_tables, WALKS},
    {"frame_pointers", by_frame_pointers, WALKS},
    {"id_all_new", all_new, WALKS},
    {"id_changed", changed, WALKS},
    {"id_same", same, WALKS},
    {"id_same_from_below", same_from_below, WALKS},
#ifdef WITH_LIBUNWIND
    {"libunwind", by_libunwind, WALKS},
#endif
    {"backtrace", by_backtrace, WALKS / 20},
    {"libgcc", by_libgcc, WALKS / 20},
};

enum { WAYS = sizeof ways / sizeof *ways };

static int by_size(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static void measure(int depth)
{
    static double ns[WAYS][ROUNDS];
    uint32_t found[WAYS];
    for (int round = 0; round < ROUNDS; round++)
        for (int i = 0; i < WAYS; i++) {
            found[i] = ways[i].walk();
            double start = now_ns();
            for (int k = 0; k < ways[i].walks; k++)
                ways[i].walk();
            ns[i][round] = (now_ns() - start) / ways[i].walks;
        }
    for (int i = 0; i < WAYS; i++) {
        qsort(ns[i], ROUNDS, sizeof ns[i][0], by_size);
        double median = ns[i][ROUNDS / 2];
        printf(CODE "_%d_%s %.1f ns/stack %.2f ns/frame %u frames\n", depth, ways[i].name, median, median / found[i],
               found[i]);
    }
}

/* Functions of frames of different sizes, so that no two steps are alike. */
#define KEEP(name, words, next)                                                                                        \
    static __attribute__((noinline)) long name(int left, int depth)                                                    \
    {                                                                                                                  \
        volatile long kept[words] = {left};                                                                            \
        if (left == 0)                                                                                                 \
            measure(depth);                                                                                            \
        else                                                                                                           \
            next(left - 1, depth);                                                                                     \
        return kept[0];                                                                                                \
    }
static long first(int left, int depth);
KEEP(fourth, 17, first)
KEEP(third, 2, fourth)
KEEP(second, 6, third)
KEEP(first, 3, second)

int main(void)
{
    tare__unwind_start();
    tare__callstack_start();
    first(10, 10);
    first(30, 30);
    return 0;
}
