/* SPDX-License-Identifier: MIT */
/* The nearest of some names to one that was mistyped. */
#ifndef TARE__SUGGEST_H
#define TARE__SUGGEST_H

#include <stdbool.h>
#include <stddef.h>

/* candidate(i, context) is the i-th name, NULL after the last. NULL when none is
 * near enough to be meant. */
typedef const char *tare__candidate(size_t index, const void *context);
const char *tare__suggest(const char *mistyped, tare__candidate *candidate, const void *context);

#endif
