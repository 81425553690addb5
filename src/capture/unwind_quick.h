/* SPDX-License-Identifier: MIT */
/*
 * The step that nearly all are: a rule that is remembered, of the usual kind, of a
 * module that stays, on a stack that is known. Inline, for unwinder.c and for those
 * who look at each frame of a walk. How rules are remembered says unwinder.c.
 */
#ifndef TARE__UNWIND_QUICK_H
#define TARE__UNWIND_QUICK_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler.h"
#include "os.h"
#include "unwind_rules.h"

#if defined(__x86_64__)
enum { TARE__UNWIND_ADDRESS_SHIFT = 0, TARE__UNWIND_PC_ABOVE_SAVED = 0, TARE__UNWIND_STACK_ALIGNMENT = 8 };
#define TARE__UNWIND_PC(word) (word)
#else /* instructions are 4 bytes; the bits above the address are a signature (PAC) */
enum { TARE__UNWIND_ADDRESS_SHIFT = 2, TARE__UNWIND_PC_ABOVE_SAVED = 8, TARE__UNWIND_STACK_ALIGNMENT = 16 };
#define TARE__UNWIND_PC(word) ((word) & ((UINT64_C(1) << TARE__ADDRESS_BITS) - 1))
#endif

/* Stacks are read as they lie, beyond any variable. */
#define TARE__READS_STACKS __attribute__((no_sanitize("address", "thread", "undefined")))

#define TARE__UNWIND_INDEX_BITS 16
extern uint64_t tare__unwind_rules[1u << TARE__UNWIND_INDEX_BITS] TARE__HIDDEN;

TARE__INLINE uint64_t *tare__unwind_rule_slot(uintptr_t pc)
{
    return &tare__unwind_rules[pc >> TARE__UNWIND_ADDRESS_SHIFT & ((1u << TARE__UNWIND_INDEX_BITS) - 1)];
}

TARE__INLINE uint64_t tare__unwind_tag(uintptr_t pc)
{
    return pc >> (TARE__UNWIND_INDEX_BITS + TARE__UNWIND_ADDRESS_SHIFT);
}

/* Of a walk, in registers; the slots and used_fp are those of the step to here. */
struct tare__unwind_frame {
    uintptr_t pc, sp, fp, pc_slot, fp_slot;
    bool used_fp;
};

/* False, and nothing done, for all else, which is somewhere above. */
TARE__INLINE TARE__READS_STACKS bool tare__unwind_quickly(struct tare__unwind_frame *frame, uintptr_t low,
                                                          uintptr_t last)
{
    uint64_t entry = TARE__LOAD(*tare__unwind_rule_slot(frame->pc));
    uint64_t odd = (entry >> TARE__RULE_BITS) ^ tare__unwind_tag(frame->pc);
    odd |= entry & (TARE__RULE_LOADED | TARE__RULE_KIND);
    uintptr_t cfa = frame->sp, saved = TARE__RULE_SAVED_BYTES(entry);
    if ((entry & TARE__RULE_FROM_FP) != 0) {
        cfa = frame->fp;
        odd |= cfa % TARE__UNWIND_STACK_ALIGNMENT;
    }
    cfa += entry & TARE__RULE_CFA_BYTES;
    uintptr_t fp_slot = cfa - saved, pc_slot = TARE__UNWIND_PC_ABOVE_SAVED != 0 ? fp_slot + 8 : cfa - 8;
    if (TARE__UNLIKELY(odd != 0 || pc_slot < frame->sp || pc_slot < low || pc_slot > last || fp_slot < low))
        return false;
    frame->used_fp = (entry & TARE__RULE_FROM_FP) != 0;
    frame->pc_slot = pc_slot;
    frame->fp_slot = 0;
    if (saved != 0) {
        frame->fp_slot = fp_slot;
        frame->fp = *(const uintptr_t *)fp_slot;
    }
    frame->pc = TARE__UNWIND_PC(*(const uintptr_t *)pc_slot);
    frame->sp = cfa;
    return true;
}

#endif
