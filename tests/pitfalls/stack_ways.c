/* SPDX-License-Identifier: MIT */
/*
 * The unwinder and the depth that the environment names. Arguments: the way, and
 * whether this program keeps frame pointers; or "depth", and what is expected. A walk
 * by frame pointers never faults, whatever is in that register.
 */
#include "looker.h"

enum { DEPTH = 20 };

static struct looker looker;
static const char *way = "tables";
static bool frame_pointers = true;
static uint32_t depth_expected = UINT32_MAX;

/* How many of the innermost frames are the right ones. */
static uint32_t right_frames(uint32_t id, uint32_t *count)
{
    uint32_t right = 0;
    bool same = true;
    for (*count = 0; id != 0 && (tare__frame_at(id)->flags & TARE__FRAME_TRUNCATED) == 0; ++*count) {
        same &= *count < looker.their_count && tare__frame_at(id)->address == looker.theirs[*count].pc;
        right += same;
        id = tare__frame_at(id)->parent;
    }
    return right;
}

__attribute__((noinline)) static long recursion(int left)
{
    volatile long kept = left;
    if (left > 0)
        return recursion(left - 1) + kept;
    looker.their_count = 0;
    tare__unwind_slowly_visit(note_theirs, &looker, TARE__FRAME);
    uint32_t count, id = tare__callstack(&looker.remembering, TARE__FRAME), right = right_frames(id, &count);
    CHECK_EQUAL(tare__callstack(&looker.remembering, TARE__FRAME), id);
    CHECK_EQUAL(tare__callstack(&tare__late_thread, TARE__FRAME), id);
    if (depth_expected <= DEPTH) {
        CHECK_EQUAL(right, depth_expected);
        CHECK_EQUAL(count, depth_expected);
        CHECK_EQUAL(depth_of(id), depth_expected + 1);
    } else if (strcmp(way, "frame-pointers") != 0) {
        CHECK_EQUAL(right, looker.their_count);
        CHECK_EQUAL(count, looker.their_count);
        CHECK_EQUAL(depth_of(id), count);
    } else if (frame_pointers) {
        CHECK(right >= DEPTH);
    }
    return 0;
}

#if defined(__x86_64__)
/* Calls function(argument) with that in the frame pointer. */
long with_frame_pointer(uintptr_t value, long (*function)(int), int argument);
__asm__(".text\n.globl with_frame_pointer\nwith_frame_pointer:\n\t.cfi_startproc\n\tpushq %rbp\n"
        "\t.cfi_adjust_cfa_offset 8\n\t.cfi_offset %rbp, -16\n\tmovq %rdi, %rbp\n\tmovl %edx, %edi\n\tcall *%rsi\n"
        "\tpopq %rbp\n\t.cfi_adjust_cfa_offset -8\n\t.cfi_restore %rbp\n\tret\n\t.cfi_endproc\n");

static long take_stack(int unused)
{
    volatile long found = tare__callstack(&looker.remembering, TARE__FRAME);
    CHECK(found != 0 && unused == 0);
    CHECK_EQUAL(tare__callstack(&tare__late_thread, TARE__FRAME), found);
    return found;
}

static void odd_frame_pointers(void)
{
    uintptr_t here = (uintptr_t)&here, odd[] = {0,
                                                1,
                                                8,
                                                4096,
                                                0xdead,
                                                here,
                                                here + 1,
                                                here - 4096,
                                                here + (1 << 20),
                                                UINTPTR_MAX,
                                                UINTPTR_MAX - 15,
                                                (uintptr_t)1 << 47,
                                                (uintptr_t)way};
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
            with_frame_pointer(odd[i], take_stack, 0);
}
#else
static void odd_frame_pointers(void) {}
#endif

int main(int argc, char **argv)
{
    tare__unwind_start();
    tare__callstack_start();
    if (argc == 3 && strcmp(argv[1], "depth") == 0) {
        depth_expected = (uint32_t)strtoul(argv[2], NULL, 10);
        CHECK_EQUAL(tare__callstack_depth_max, depth_expected);
    } else if (argc == 3) {
        way = argv[1];
        frame_pointers = strcmp(argv[2], "with") == 0;
    }
    for (int round = 0; round < 3; round++)
        recursion(DEPTH + round);
    odd_frame_pointers();
    return 0;
}
