/* SPDX-License-Identifier: MIT */
/* The statistics of tare.h as a table, for whoever looks them up by name. */
#ifndef TARE__STATISTIC_H
#define TARE__STATISTIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tare/tare.h>

struct tare__statistic {
    const char *name;
    const char *meaning;
    size_t offset; /* in tare_stats; every statistic is 64 bits wide */
    bool in_bytes;
};

extern const struct tare__statistic tare__statistics[];
extern const size_t tare__statistic_count;

/* NULL for no such statistic. The name need not end in a NUL. */
const struct tare__statistic *tare__statistic_named(const char *name, size_t length);

int64_t tare__statistic_value(const struct tare__statistic *statistic, const tare_stats *stats);

#endif
