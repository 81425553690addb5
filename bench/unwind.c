/* SPDX-License-Identifier: MIT */
/*
 * What a call stack costs: nanoseconds a frame at two depths, by each unwinder,
 * from code with frame pointers and without. Prints a line for each: name, figure,
 * unit. Nothing is asserted. Where libunwind is linked, backtrace() is libunwind's.
 */
#include <execinfo.h>
#include <stdio.h>
#include <time.h>

#ifdef WITH_LIBUNWIND
#define UNW_LOCAL_ONLY
#include <libunwind.h>
#endif

#include "unwinder.h"

#ifndef CODE
#define CODE "plain" /* by hand */
#endif

enum { ROUNDS = 25, WALKS = 2000, FRAMES_MAX = 256 };

static uintptr_t frames[FRAMES_MAX];
static struct tare__unwind_stack stack;

static double now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static uint32_t by_tables(void)
{
    struct tare__unwind walk = tare__unwind_here(stack);
    uint32_t depth = tare__unwind_walk(&walk, frames, FRAMES_MAX, 0).depth;
    stack = walk.stack;
    return depth;
}

static uint32_t by_steps(void)
{
    struct tare__unwind walk = tare__unwind_here(stack);
    uint32_t depth = 1;
    while (tare__unwind_step(&walk) == TARE__UNWIND_MORE)
        depth++;
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

static const struct {
    const char *name;
    uint32_t (*walk)(void);
    int walks;
} unwinders[] = {
    {"tables", by_tables, WALKS},
    {"tables_by_steps", by_steps, WALKS},
    {"frame_pointers", by_frame_pointers, WALKS},
#ifdef WITH_LIBUNWIND
    {"libunwind", by_libunwind, WALKS},
#endif
    {"backtrace", by_backtrace, WALKS / 20},
    {"libgcc", by_libgcc, WALKS / 20},
};

enum { UNWINDERS = sizeof unwinders / sizeof *unwinders };

static void measure(int depth)
{
    double least[UNWINDERS];
    uint32_t found[UNWINDERS];
    for (int round = 0; round < ROUNDS; round++)
        for (int i = 0; i < UNWINDERS; i++) {
            found[i] = unwinders[i].walk();
            double start = now_ns();
            for (int k = 0; k < unwinders[i].walks; k++)
                unwinders[i].walk();
            double ns = (now_ns() - start) / unwinders[i].walks / found[i];
            least[i] = round == 0 || ns < least[i] ? ns : least[i];
        }
    for (int i = 0; i < UNWINDERS; i++)
        printf(CODE "_%d_%s %.2f ns/frame (%u frames)\n", depth, unwinders[i].name, least[i], found[i]);
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
    first(10, 10);
    first(30, 30);
    return 0;
}
