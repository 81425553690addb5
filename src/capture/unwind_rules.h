/* SPDX-License-Identifier: MIT */
/*
 * What a row of .eh_frame says, in 33 bits: nearly all rows of compiled code say
 * that the canonical frame address (CFA) is sp or fp and some bytes, and that the
 * return address and the caller's fp are below it. Anything else is not taken.
 *
 *   bit  0..2   kind
 *        3..18  bytes from sp or fp to the CFA, up to 512 KiB
 *       19..30  words from where fp is saved up to the CFA; 0 where it isn't
 *       31      from fp and not from sp
 *       32      of a module that may be closed (unwind_modules.h)
 */
#ifndef TARE__UNWIND_RULES_H
#define TARE__UNWIND_RULES_H

#include <stdint.h>

#include "unwind_modules.h"

enum tare__rule_kind {
    TARE__RULE_FRAME,    /* x86-64: pc is the word below the CFA; aarch64: the word above where fp is saved */
    TARE__RULE_PC_SAVED, /* aarch64: pc is saved alone, where a frame has fp; 0 words: at sp or fp */
    TARE__RULE_PC_IN_LR, /* aarch64: nothing is saved yet */
#if defined(__x86_64__)
    TARE__RULE_REALIGNED, /* the CFA is kept that many words below fp, the caller's fp at fp */
#else
    TARE__RULE_LARGE, /* fp and pc are saved at sp or fp itself, whatever the distance */
#endif
    TARE__RULE_OUTERMOST, /* nobody called it. FROM_FP: and it calls nobody, as yet */
    TARE__RULE_SIGNAL,    /* the kernel called the handler that returns here: registers are in the ucontext */
    TARE__RULE_NONE,      /* no row */
    TARE__RULE_NOT_TAKEN,
};

#define TARE__RULE_KIND 7u
#define TARE__RULE_CFA_BYTES 0x7fff8u
#define TARE__RULE_FP_SHIFT 19
#define TARE__RULE_FP_WORDS 0xfffu
#define TARE__RULE_FROM_FP (1u << 31)
#define TARE__RULE_LOADED (1ull << 32)
#define TARE__RULE_BITS 33

/* Distance in bytes from where fp (or pc alone) is saved up to the CFA. */
#define TARE__RULE_SAVED_BYTES(rule) ((uintptr_t)((rule) >> (TARE__RULE_FP_SHIFT - 3) & TARE__RULE_FP_WORDS << 3))

/* The rule for the instruction at an address of that module. */
uint64_t tare__unwind_rule(const struct tare__unwind_module *module, uintptr_t address);

#endif
