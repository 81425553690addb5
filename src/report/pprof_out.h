/* SPDX-License-Identifier: MIT */
/*
 * A file of profile.proto in gzip, part by part: messages that follow one another are one
 * message, whose repeated fields are those of all.
 */
#ifndef TARE__PPROF_OUT_H
#define TARE__PPROF_OUT_H

#include <stdint.h>
#include <stdio.h>

#include "pprof.pb-c.h"

struct tare__pprof_out;

struct tare__pprof_out *tare__pprof_open(FILE *file); /* NULL: no memory */

/* 0, ENOMEM or EOVERFLOW. */
int tare__pprof_part(struct tare__pprof_out *out, const Tare__Pprof__Profile *part);

/* The index in the table of strings, which is written at the end; 0 is that of NULL and of the
 * empty one. Each byte that is no UTF-8 becomes U+FFFD. 0 or ENOMEM. */
int tare__pprof_text(struct tare__pprof_out *out, const char *text, int64_t *index);

/* Writes what is left, unless there was an error before, which it returns then, or its own. */
int tare__pprof_close(struct tare__pprof_out *out, int error);

#endif
