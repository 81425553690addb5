/* SPDX-License-Identifier: MIT */
#ifndef TARE__PATTERN_H
#define TARE__PATTERN_H

#include <stdbool.h>

/* '*' in a pattern stands for anything, also nothing; all else for itself. */
bool tare__matches(const char *pattern, const char *text);

#endif
