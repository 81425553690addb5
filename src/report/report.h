/* SPDX-License-Identifier: MIT */
/*
 * Reports: each a pure function from a snapshot to bytes, a file each, all in
 * one table. A new format is its file and a line in the table.
 */
#ifndef TARE__REPORT_H
#define TARE__REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "metric.h"

struct tare__report_options {
    const struct tare__metric *metric; /* show only this; NULL for the usual lists, or all sites */
    const struct tare__metric *order;  /* of sites; NULL for the metric's own */
    size_t top;                        /* sites of each list; 0 for all */
    size_t frames;                     /* of each stack, where it is text; 0 for all */
    bool tree;                         /* a call tree instead of lists, where it is text */
    double prune;                      /* without parts below so many percent */
};

struct tare__format {
    const char *name;
    const char *meaning;
    bool all_processes; /* it tells also of those besides the main one what allocated */
    /* Writes the whole report. The caller looks at ferror(). Returns 0, or
     * ENOMEM where the report could not be built. */
    int (*write)(const struct tare__snapshot *snapshot, const struct tare__report_options *options, FILE *out);
};

extern const struct tare__format tare__formats[];
extern const size_t tare__format_count;

const struct tare__format *tare__format_named(const char *name);

/* By what sites are ordered. */
const struct tare__metric *tare__report_order(const struct tare__report_options *options);

/* What failed, as a table like that of the library's failed expectations. */
void tare__report_failures(const struct tare__snapshot *snapshot, FILE *out);

#endif
