/* SPDX-License-Identifier: MIT */
/*
 * What sites are measured and ordered by. Two tables: the figures of a site, which
 * are its keys in JSON, and the metrics, which name one of them for a list of sites.
 * Everything that lists sites comes from these.
 */
#ifndef TARE__METRIC_H
#define TARE__METRIC_H

#include "snapshot.h"

struct tare__site_figure {
    const char *key;  /* in JSON */
    const char *unit; /* of one; more take an s */
    int64_t (*value)(const struct tare__snapshot_site *site);
};

extern const struct tare__site_figure tare__site_figures[];
extern const size_t tare__site_figure_count;

struct tare__metric {
    const char *name;                       /* as in --sort NAME */
    const char *meaning;                    /* for --help */
    const char *heading;                    /* of a list */
    const struct tare__site_figure *figure; /* by which sites are ordered */
    const char *preposition;                /* before the second figure: in 3 blocks */
    const struct tare__site_figure *second; /* what is said beside it, and breaks ties */
    const struct tare__site_figure *third;  /* and, where it is not 0; NULL for none */
    bool leaks_only;                        /* what is no leak counts 0 */
    bool in_summary;                        /* of a run */
    const char *statistics[2];              /* of tare_stats, which this explains; NULL for none */
    const char *profile_type;               /* of profile_of_snapshot.h, which has the same figure */
};

extern const struct tare__metric tare__metrics[];
extern const size_t tare__metric_count;

/* By its name or its figure's key; NULL for none. */
const struct tare__metric *tare__metric_named(const char *name);

/* Whose sites account for a statistic of that name; NULL for none. */
const struct tare__metric *tare__metric_of_statistic(const char *name);

int64_t tare__metric_value(const struct tare__metric *metric, const struct tare__snapshot_site *site);

/* Whether the site belongs in a list: leaks of no bytes do as well, as of malloc(0). */
bool tare__metric_counts(const struct tare__metric *metric, const struct tare__snapshot_site *site);

/* Of the whole process, with what has no site: what a share is a share of. */
int64_t tare__metric_total(const struct tare__metric *metric, const struct tare__process *process);

/* False for pools of the C++ runtime and what a suppression covers. */
bool tare__site_is_leak(const struct tare__snapshot_site *site);

#endif
