/* SPDX-License-Identifier: MIT */
/* The readers, for the table in read.c alone. */
#ifndef TARE__READERS_H
#define TARE__READERS_H

#include "read.h"

bool tare__is_folded(const char *bytes, size_t size);
int tare__read_folded(const struct tare__profile_input *input, struct tare__profile *profile);
bool tare__is_perf(const char *bytes, size_t size);
int tare__read_perf(const struct tare__profile_input *input, struct tare__profile *profile);
bool tare__is_pprof(const char *bytes, size_t size);
int tare__read_pprof(const struct tare__profile_input *input, struct tare__profile *profile);

/* What gzip made: unpacks it into *unpacked, which is freed by free(). 0, ENOMEM, or
 * EBADMSG with its reason. */
bool tare__is_gzip(const char *bytes, size_t size);
int tare__gunzip(const struct tare__profile_input *input, char **unpacked, size_t *unpacked_size);

/* The lines of a text, for readers of them: the line at hand is [start, end), without its '\n' or "\r\n". */
struct tare__lines {
    const char *at, *behind; /* what is left */
    const char *start, *end;
    size_t number; /* from 1 */
};

struct tare__lines tare__lines(const char *bytes, size_t size);
bool tare__lines_next(struct tare__lines *lines);

#endif
