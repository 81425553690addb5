/* SPDX-License-Identifier: MIT */
/* What a statistic of a run was expected to be, and whether it was. */
#ifndef TARE__EXPECTATION_H
#define TARE__EXPECTATION_H

#include "statistic.h"

struct tare__relation {
    const char *sign;  /* as it is written: "<=" */
    const char *words; /* as it is read, before the number: "at most" */
    bool (*holds)(int64_t actual, int64_t value);
};

/* Longer signs first, so that the first that fits is the one meant. */
extern const struct tare__relation tare__relations[];
extern const size_t tare__relation_count;

struct tare__expectation {
    const char *expression; /* as the user wrote it; not owned */
    const struct tare__statistic *statistic;
    const struct tare__relation *relation;
    int64_t value;

    /* Filled in by tare__expectations_judge(): */
    int64_t actual;
    bool holds; /* false also where the result is inexact: it can't be judged */
};

/* True when all hold. */
bool tare__expectations_judge(struct tare__expectation *expectations, size_t count, const tare_stats *stats);

#endif
