/* SPDX-License-Identifier: MIT */
/*
 * Walks a call stack, frame by frame: a frame is where it will go on (pc), its
 * stack pointer and its frame pointer there, and a step finds the caller's.
 *
 * By tables (the default) the rule for a return address comes from the module's
 * .eh_frame and is remembered, so that the next step from there is one look-up.
 * By frame pointers it comes from the chain that code compiled with
 * -fno-omit-frame-pointer keeps; elsewhere such a walk is short or wrong, but
 * never faults. What the tables can say and no rule holds (unwind_rules.h) ends
 * a walk as TARE__UNWIND_NOT_TAKEN; tare__unwind_slowly() takes everything.
 *
 * A step depends on nothing but pc, sp and fp (and, where exact is set, lr), the
 * tables of the loaded modules and the words that it names: whoever remembers those
 * may leave out the same walk the next time.
 *
 * Allocates nothing, takes no lock, keeps errno, needs below 2 KB of stack, and
 * may be used in a signal handler and in a forked child.
 */
#ifndef TARE__UNWINDER_H
#define TARE__UNWINDER_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler.h"

/* What is known to be readable of the stacks of a thread: all that begins from
 * low on and up to last, in words. The unwinder asks the system for each page
 * beyond that, which costs a system call, and adds it; so keep this for a thread
 * where its stack stays. {0, 0} at first. */
struct tare__unwind_stack {
    uintptr_t low, last;
};

enum tare__unwind_end {
    TARE__UNWIND_MORE,      /* the caller's frame was found: not an end */
    TARE__UNWIND_COMPLETE,  /* the outermost frame */
    TARE__UNWIND_FULL,      /* as deep as was asked for */
    TARE__UNWIND_NO_RULE,   /* code without unwind tables: JIT, assembler, -fno-asynchronous-unwind-tables */
    TARE__UNWIND_BAD_STACK, /* the caller's frame would not lie on a stack */
    TARE__UNWIND_NOT_TAKEN, /* tare__unwind_slowly() may know more */
};

struct tare__unwind {
    uintptr_t pc, sp, fp;
    uintptr_t lr; /* aarch64, where exact: the link register */
    bool exact;   /* pc is the next instruction and not behind a call: a signal came here */
    struct tare__unwind_stack stack;
    uintptr_t pc_slot, fp_slot, cfa_slot, lr_slot; /* the words the last step read; 0 for none */
    bool used_fp;                                  /* the last step, for the CFA */
    bool not_called;                  /* where the last step came from: pc is the next instruction there, too */
    uintptr_t loaded_low, loaded_end; /* a module loaded later, whose rules are known to hold in this walk */
    unsigned signal_frames;
};

struct tare__unwind_result {
    uint32_t depth;
    enum tare__unwind_end end;
};

/* Every end but these two leaves out frames that are there. */
static inline bool tare__unwind_truncated(struct tare__unwind_result result)
{
    return result.end != TARE__UNWIND_COMPLETE;
}

/* Begins in the function that calls this, and which calls others: it has saved its
 * own return address. */
TARE__INLINE struct tare__unwind tare__unwind_here(struct tare__unwind_stack stack)
{
    struct tare__unwind walk = {.stack = stack};
    walk.stack.low |= stack.last == 0; /* else it would hold the word at 0 */
#if defined(__x86_64__)
    __asm__ volatile("leaq 0f(%%rip), %0\n0:\tmovq %%rsp, %1\n\tmovq %%rbp, %2"
                     : "=&r"(walk.pc), "=&r"(walk.sp), "=&r"(walk.fp));
#elif defined(__aarch64__)
    __asm__ volatile("adr %0, 0f\n0:\tmov %1, sp\n\tmov %2, x29" : "=&r"(walk.pc), "=&r"(walk.sp), "=&r"(walk.fp));
#endif
    return walk;
}

/* To be called once, before the walks that are to be fast, not from malloc: asks
 * the loader which modules there are, under its lock. */
void tare__unwind_start(void);

/* The kernel begins a program in the loader's first function, which calls the
 * constructors of libraries, and then jumps to the program's. No table says so. */
bool tare__unwind_is_loaders_start(uintptr_t pc);

/* To the caller's frame, or says why there is none to be had. */
enum tare__unwind_end tare__unwind_step(struct tare__unwind *walk);

/* The same by frame pointers. */
enum tare__unwind_end tare__unwind_step_by_frame_pointer(struct tare__unwind *walk);

/* Notes the pc of each frame from the first on whose stack pointer is at or above
 * `above`, this one or a caller's. TARE__UNWIND_FULL where there are more than max. */
struct tare__unwind_result tare__unwind_walk(struct tare__unwind *walk, uintptr_t *addresses, uint32_t max,
                                             uintptr_t above);

/* The same by frame pointers. */
struct tare__unwind_result tare__unwind_walk_frame_pointers(struct tare__unwind *walk, uintptr_t *addresses,
                                                            uint32_t max, uintptr_t above);

/* The same from the caller of this function by libgcc, which takes every row and
 * some fifty times as long. */
struct tare__unwind_result tare__unwind_slowly(uintptr_t *addresses, uint32_t max, uintptr_t above);

/* Shows each of those frames: visit says whether to go on. */
typedef bool tare__unwind_visit(void *context, uintptr_t pc, bool exact);
struct tare__unwind_result tare__unwind_slowly_visit(tare__unwind_visit *visit, void *context, uintptr_t above);

#endif
