/* SPDX-License-Identifier: MIT */
/* How much a statistic may grow, as it is written on a command line. */
#ifndef TARE__GROWTH_H
#define TARE__GROWTH_H

#include "diff.h"
#include "expression.h"

/* The expression must live as long. False with *error filled in where it is none. */
bool tare__growth_parse(const char *expression, struct tare__growth *growth, struct tare__expression_error *error);

#endif
