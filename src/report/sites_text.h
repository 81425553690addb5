/* SPDX-License-Identifier: MIT */
/* Lists of sites for people: in a run's summary, and below a failed expectation. */
#ifndef TARE__SITES_TEXT_H
#define TARE__SITES_TEXT_H

#include <stdio.h>

#include "metric.h"

/* Where lists follow one another, a site's stack is written in the first it is in, with
 * a number that the others refer to. */
struct tare__site_numbers {
    unsigned *of; /* by position in the snapshot; 0 for those not written yet */
    unsigned last;
};

struct tare__sites_request {
    const struct tare__metric *metric;
    const struct tare__metric *order;   /* NULL for the same */
    const char *heading;                /* NULL for the metric's own; "" for no line of the kind */
    size_t sites_max;                   /* 0 for all; "... and 3 more sites" says what is missing */
    size_t frames_max;                  /* of each stack, 0 for all; likewise */
    bool apart;                         /* an empty line before, unless there is nothing */
    unsigned indent;                    /* blanks before every line */
    bool no_shares;                     /* leave out what part of the process's figure that is */
    struct tare__site_numbers *numbers; /* NULL: each list writes all of its stacks */
};

/* Nothing where no site counts in that metric. Allocates a little, for sorting. */
void tare__report_sites(const struct tare__process *process, const struct tare__sites_request *request, FILE *out);

/* A stack alone, and one site with its stack. */
void tare__report_stack(const struct tare__process *process, uint32_t stack, const struct tare__sites_request *request,
                        FILE *out);
void tare__report_site(const struct tare__process *process, const struct tare__snapshot_site *site,
                       const struct tare__sites_request *request, FILE *out);

/* What leaks are named apart, by pool and by suppression, and what the stacks do not
 * tell, each in a line. Nothing where there is nothing. */
void tare__report_pools(const struct tare__process *process, unsigned indent, FILE *out);
void tare__report_gaps(const struct tare__process *process, unsigned indent, FILE *out);

/* One place as people write it: "main at main.c:14 (inlined)", "malloc in libc.so.6",
 * "libx.so+0x1234". Returns buffer. */
#define TARE__PLACE_BYTES 512
struct tare__stack_line;
char *tare__place_text(char buffer[TARE__PLACE_BYTES], const struct tare__stack_line *line);

/* The function alone, or what there is instead. Returns buffer. */
char *tare__function_text(char buffer[TARE__PLACE_BYTES], const struct tare__stack_line *line);

#endif
