/* SPDX-License-Identifier: MIT */
/* A stack that goes through code without unwind tables is marked as cut off there,
 * and is whole again elsewhere. */
#include "looker.h"

int through_code_without_tables(int (*function)(int), int argument);

static struct tare__thread thread;
static uint32_t found;

__attribute__((noinline)) static int take_stack(int left)
{
    volatile int kept = left;
    if (left > 0)
        return take_stack(left - 1) + kept;
    found = tare__callstack(&thread, TARE__FRAME);
    CHECK_EQUAL(tare__callstack(&thread, TARE__FRAME), found);
    CHECK_EQUAL(tare__callstack(&tare__late_thread, TARE__FRAME), found);
    return 0;
}

/* Where the stack is cut off, and how many frames there are inside of that. */
static const struct tare__frame *outermost(uint32_t id, uint32_t *frames)
{
    *frames = 0;
    while (tare__frame_at(id)->parent != 0) {
        id = tare__frame_at(id)->parent;
        ++*frames;
    }
    return tare__frame_at(id);
}

int main(void)
{
    tare__unwind_start();
    tare__callstack_start();
    for (int round = 0; round < 3; round++)
        for (int depth = 1; depth < 100; depth += 33) {
            uint32_t frames;
            CHECK_EQUAL(through_code_without_tables(take_stack, depth), depth * (depth + 1) / 2 + depth);
            const struct tare__frame *mark = outermost(found, &frames);
            CHECK_EQUAL(mark->flags, TARE__FRAME_TRUNCATED);
            CHECK_EQUAL(mark->address, TARE__TRUNCATED_NO_RULE);
            CHECK_EQUAL(frames, depth + 1); /* the recursion, and the one without tables */
            take_stack(depth);
            CHECK_EQUAL(outermost(found, &frames)->flags & TARE__FRAME_TRUNCATED, 0);
            CHECK(frames > (uint32_t)depth);
        }
    return 0;
}
