/* SPDX-License-Identifier: MIT */
/* The call stacks of a sweep's message: collected, explained all at once, and handed out again in the same order. */
#ifndef TARE__FAULT_STACKS_H
#define TARE__FAULT_STACKS_H

#include <stdint.h>

#include "fault_sweep.h"
#include "text.h"

/* So many are collected at most; a run has up to TARE__FAULT_LEAKS. */
#define TARE__STACKS_MAX 200

struct tare__stack_addresses {
    uintptr_t *all; /* NULL where there is no memory */
    uint32_t count;
};

struct tare__stack_addresses tare__stacks_begin(void);
void tare__stacks_put(struct tare__stack_addresses *addresses, const struct tare__fault_stack *stack);
void tare__stacks_put_crash(struct tare__stack_addresses *addresses, const struct tare__fault_stack *stack);

/* All that tell what came of a run. */
void tare__stacks_put_run(struct tare__stack_addresses *addresses, const struct tare_sweep_ *sweep,
                          const struct tare__fault_run *run);

/* The leaks of a run whose stacks are known. */
static inline uint32_t tare__stacks_leaks(const struct tare__fault_run *run)
{
    return run->leak_count < TARE__FAULT_LEAKS ? run->leak_count : TARE__FAULT_LEAKS;
}

struct tare__stacks {
    char *text; /* NULL where there is none */
    const char *next;
    bool named; /* by functions and lines, and not just by addresses */
};

/* Ends the addresses. */
struct tare__stacks tare__stacks_explain(struct tare__stack_addresses *addresses);
void tare__stacks_forget(struct tare__stacks *stacks);

/* The next one, a line a frame. */
void tare__stacks_add_next(struct tare__text *text, struct tare__stacks *stacks);

#endif
