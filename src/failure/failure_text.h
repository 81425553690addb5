/* SPDX-License-Identifier: MIT */
#ifndef TARE__FAILURE_TEXT_H
#define TARE__FAILURE_TEXT_H

#include <stdio.h>

#include "snapshot.h"

/* Which sites account for these statistics, bits of explaining.h: a list for each
 * metric, and of what is forbidden the first site. */
void tare__failure_scope_text(const struct tare__process *process, uint32_t violated, uint32_t forbidden, FILE *out);

/* A call stack, a line a frame: return addresses, the innermost first. 0 or ENOMEM. */
int tare__failure_stack_text(const uintptr_t *addresses, uint32_t count, FILE *out);

#endif
