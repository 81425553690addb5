/* SPDX-License-Identifier: MIT */
/*
 * Two runs held against each other. Sites are matched by what their stacks show: the
 * functions and the modules these are in, not addresses and lines, so that two builds
 * compare. Sites that are alike in that are added up.
 */
#ifndef TARE__DIFF_H
#define TARE__DIFF_H

#include <stdio.h>

#include "metric.h"
#include "report.h"

enum { TARE__BEFORE, TARE__AFTER, TARE__SIDES };

struct tare__diff_row {
    struct tare__snapshot_site sum[TARE__SIDES]; /* its stack is that of the first site that was added up */
    bool is_in[TARE__SIDES];
    size_t position; /* by functions: what tells equal changes apart */
};

struct tare__diff {
    const struct tare__process *processes[TARE__SIDES];
    struct tare__diff_row *rows; /* owned */
    size_t count;
};

/* 0 or ENOMEM. The processes must live as long. */
int tare__diff_build(struct tare__diff *diff, const struct tare__process *before, const struct tare__process *after);
void tare__diff_free(struct tare__diff *diff);

int64_t tare__diff_change(const struct tare__diff_row *row, const struct tare__metric *metric);

/* "appeared", "vanished", "grew", "shrank"; NULL for no change. */
const char *tare__diff_word(const struct tare__diff_row *row, const struct tare__metric *metric);

/* Sorts the rows, the largest change first, and returns how many have any. */
size_t tare__diff_rank(struct tare__diff *diff, const struct tare__metric *metric);

/* How much a statistic may grow. */
struct tare__growth {
    const char *expression; /* as the user wrote it; not owned */
    const struct tare__statistic *statistic;
    bool or_equal; /* >= instead of > */
    bool percent;
    int64_t limit; /* of the change; in thousandths of a percent */

    bool failed; /* judged; also where a figure is inexact */
};

/* True when none failed. */
bool tare__growths_judge(struct tare__growth *growths, size_t count, const struct tare__diff *diff);

struct tare__diff_report {
    struct tare__diff *diff; /* its rows are put in order */
    const char *paths[TARE__SIDES];
    struct tare__report_options options;
    const struct tare__growth *growths; /* judged */
    size_t growth_count;
};

/* 0, ENOMEM or EOVERFLOW. */
int tare__diff_text(const struct tare__diff_report *report, FILE *out);
int tare__diff_json(const struct tare__diff_report *report, FILE *out);
int tare__diff_svg(const struct tare__diff_report *report, FILE *out);

/* What failed, for whoever gets the report elsewhere. */
void tare__diff_failures(const struct tare__diff_report *report, FILE *out);

#endif
