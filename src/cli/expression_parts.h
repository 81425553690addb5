/* SPDX-License-Identifier: MIT */
/* What expressions are read by, piece by piece. Each returns false with the error
 * filled in where something else stands there. */
#ifndef TARE__EXPRESSION_PARTS_H
#define TARE__EXPRESSION_PARTS_H

#include "expression.h"

struct tare__parser {
    const char *start;
    const char *at;
    struct tare__expression_error *error;
};

void tare__skip_blanks(struct tare__parser *parser);

/* Says that this should stand here; returns false. */
bool tare__expected(const struct tare__parser *parser, const char *what);

bool tare__parse_name(struct tare__parser *parser, const struct tare__statistic **statistic);
bool tare__parse_number(struct tare__parser *parser, int64_t *value);
/* Multiplies the value by the unit, if there is one. */
bool tare__parse_unit(struct tare__parser *parser, const struct tare__statistic *statistic, int64_t *value);

#endif
