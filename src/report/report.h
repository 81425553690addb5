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

struct tare__diff_report;
struct tare__profile;

struct tare__report_options {
    const struct tare__metric *metric; /* show only this; NULL for the usual lists, or all sites */
    const struct tare__metric *order;  /* of sites; NULL for the metric's own */
    size_t top;                        /* sites of each list; 0 for all */
    size_t frames;                     /* of each stack, where it is text; 0 for all */
    bool tree;                         /* a call tree instead of lists, where it is text */
    double prune;                      /* without parts below so many percent */
    bool upward;                       /* the outermost function of a flame graph at the bottom */
};

/* Has one of the two functions. The caller looks at ferror(); they return 0, or an errno
 * where the report could not be built, as ENOMEM. */
struct tare__format {
    const char *name;
    const char *meaning;
    bool all_processes; /* it tells also of those besides the main one what allocated */
    /* Writes the whole report. */
    int (*write)(const struct tare__snapshot *snapshot, const struct tare__report_options *options, FILE *out);
    /* The same of stacks with values, wherever they came from. */
    int (*write_profile)(const struct tare__profile *profile, const struct tare__report_options *options, FILE *out);
    const char *extension; /* what files of it end in, as ".folded" */
    /* What changed from one run to another; NULL where it can't be told so. */
    int (*write_diff)(const struct tare__diff_report *report, FILE *out);
    /* What it needs and this profile does not have, "alloc_space"; NULL for nothing, also for the function. */
    const char *(*lacks)(const struct tare__profile *profile);
};

extern const struct tare__format tare__formats[];
extern const size_t tare__format_count;

const struct tare__format *tare__format_named(const char *name);

/* Of profiles, by the end of a file's name; NULL for none. */
const struct tare__format *tare__format_of_path(const char *path);

/* In that format, whichever function it has; its main process is what becomes a profile. */
int tare__report_write(const struct tare__format *format, const struct tare__snapshot *snapshot,
                       const struct tare__report_options *options, FILE *out);

/* The type that the options' metric names, or the profile's default: of a profile of another
 * tool that has none of that name, its default, too. */
size_t tare__report_type(const struct tare__report_options *options, const struct tare__profile *profile);

/* By what sites are ordered. */
const struct tare__metric *tare__report_order(const struct tare__report_options *options);

/* What failed, as a table like that of the library's failed expectations. */
void tare__report_failures(const struct tare__snapshot *snapshot, FILE *out);

#endif
