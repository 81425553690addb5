/* SPDX-License-Identifier: MIT */
/* What a sweep found, as text, JSON and JUnit XML. */
#ifndef TARE__OOM_REPORT_H
#define TARE__OOM_REPORT_H

#include <stdio.h>

#include "oom_stacks.h"

struct tare__oom_report {
    const struct tare__oom *oom;
    const struct tare__oom_stacks *stacks;
    uint32_t *order;                     /* the chosen points, the failing ones first */
    size_t verdicts[TARE__OOM_VERDICTS]; /* runs */
    size_t bad_points;
    size_t forked, started, not_run;
    size_t whys[TARE__WHYS]; /* of those started */
};

/* 0 or ENOMEM. */
int tare__oom_report_make(struct tare__oom_report *report, const struct tare__oom *oom,
                          const struct tare__oom_stacks *stacks);
void tare__oom_report_free(struct tare__oom_report *report);

/* As tare__delivery_close() calls them. */
int tare__oom_text(const void *report, FILE *out);
int tare__oom_json(const void *report, FILE *out);
int tare__oom_junit(const void *report, FILE *out);

/* What became of a run: "crashed: signal 11 (Segmentation fault)". Returns buffer. */
#define TARE__OOM_END_BYTES 160
char *tare__oom_end_text(char buffer[TARE__OOM_END_BYTES], const struct tare__oom *oom,
                         const struct tare__fault_run *run);

/* Where a run is bad and how to see it again, each line after so many blanks. */
void tare__oom_run_text(const struct tare__oom_report *report, uint32_t point, int mode, int indent, FILE *out);

/* All of a point: its stack, and each of its runs that is bad, or the only one. */
void tare__oom_point_text(const struct tare__oom_report *report, uint32_t point, FILE *out);

/* The innermost place of its stack that people would look at. Returns buffer. */
char *tare__oom_place_text(char *buffer, const struct tare__oom_report *report, uint32_t point);

/* The command that sees a run again: option is --replay or --gdb. */
void tare__oom_again(const struct tare__oom *oom, const char *option, const struct tare__fault_point *point, int mode,
                     FILE *out);

extern const char *const tare__oom_place_names[TARE__FAULT_IN_NSS + 1];

#endif
