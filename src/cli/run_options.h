/* SPDX-License-Identifier: MIT */
/* The command line of `tare run`. */
#ifndef TARE__RUN_OPTIONS_H
#define TARE__RUN_OPTIONS_H

#include <stdbool.h>

#include "report.h"
#include "suppression.h"

struct tare__run_options {
    const char *output_path;     /* NULL for stderr */
    const char *flamegraph_path; /* NULL for none */
    const char *save_path;       /* NULL for a name made from the program's */
    bool no_save;
    const struct tare__format *format;
    struct tare__report_options report;
    bool has_top;
    struct tare__expectation *expectations; /* owned */
    size_t expectation_count;
    struct tare__suppressions suppressions; /* owned */
    bool follow;
    const char *depth, *unwind; /* NULL for what the library does by itself */
    bool no_sites;

    char **arguments; /* the program and its own; NULL after --help */
};

/* Returns 0, or the exit status once it has complained. Free in every case. */
int tare__run_options_parse(struct tare__run_options *options, int count, char **arguments);
void tare__run_options_free(struct tare__run_options *options);

int tare__run_help(void);

#endif
