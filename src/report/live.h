/* SPDX-License-Identifier: MIT */
/* The screen of `tare top`, as lines. */
#ifndef TARE__LIVE_H
#define TARE__LIVE_H

#include <stdio.h>

#include "metric.h"

struct tare__live {
    const struct tare__process *process;
    const tare_stats *before; /* of the screen before; NULL for the first */
    double seconds;           /* since that */
    const struct tare__metric *metric;
    size_t columns;
    size_t lines;      /* 0 for as many sites as there are */
    const char *state; /* "running", "ended" */
    const char *keys;  /* the last line; NULL for none */
};

/* Writes at most `lines` lines of at most `columns` columns. 0 or ENOMEM. */
int tare__live_screen(const struct tare__live *live, FILE *out);

#endif
