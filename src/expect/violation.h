/* SPDX-License-Identifier: MIT */
/* Judging figures, and the message where they are not as expected. */
#ifndef TARE__VIOLATION_H
#define TARE__VIOLATION_H

#include <stdint.h>

#include <tare/tare.h>

#include "explain.h"
#include "kept.h"

/* The statistics whose bounds do not hold, and those of them that are to be 0; bits of
 * explaining.h. */
uint32_t tare__violated(const tare_expectation *expectation, const tare_stats *stats);
uint32_t tare__forbidden(const tare_expectation *expectation);

/* What is inexact can't be judged, so it does not hold. */
bool tare__all_hold(const tare_expectation *expectation, const tare_stats *stats);

struct tare__violation {
    const tare_expectation *expectation;
    const tare_stats *stats;
    const tare_here_ *here;
    const struct tare__explained *explained; /* NULL for figures alone */
    const struct tare__kept *kept;           /* NULL where nothing was to be kept */
    const char *without;                     /* why there are no call stacks; NULL for no reason */
};

/* Tells the failure handler. */
void tare__violation_fail(const struct tare__violation *violation);

#endif
