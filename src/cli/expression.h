/* SPDX-License-Identifier: MIT */
/* Expectations as they are written on a command line: NAME RELATION NUMBER. */
#ifndef TARE__EXPRESSION_H
#define TARE__EXPRESSION_H

#include "expectation.h"

struct tare__expression_error {
    size_t column;      /* of the first offending byte, from 0 */
    char expected[160]; /* what should stand there */
};

/* The expression must live as long as the expectation. False with *error filled
 * in where it is none. */
bool tare__expression_parse(const char *expression, struct tare__expectation *expectation,
                            struct tare__expression_error *error);

#endif
