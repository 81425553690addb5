/* SPDX-License-Identifier: MIT */
#ifndef TARE__FAILURE_TEXT_H
#define TARE__FAILURE_TEXT_H

#include <stdio.h>

#include "snapshot.h"

/* Which sites account for these statistics, bits of explaining.h: a list for each
 * metric, and of what is forbidden the first site. */
void tare__failure_scope_text(const struct tare__process *process, uint32_t violated, uint32_t forbidden, FILE *out);

/* Call stacks, a line a frame: return addresses, the innermost first; 0 between two stacks, and an empty
 * line. 0 or ENOMEM. */
int tare__failure_stack_text(const uintptr_t *addresses, uint32_t count, FILE *out);

/* The modules of this process, as if they had been recorded. 0 or ENOMEM. */
int tare__failure_modules(struct tare__origins *origins);

/* Tells of the code of all functions with names like the pattern. 0 or ENOMEM. */
int tare__failure_functions(const char *pattern, void (*range)(uintptr_t low, uintptr_t end, void *context),
                            void *context);

#endif
