/* SPDX-License-Identifier: MIT */
/* One list of figures, one of metrics. */
#include "metric.h"

#include <string.h>

#define FIGURES(X)                                                                                                     \
    X(allocations, "allocation")                                                                                       \
    X(bytes_allocated, "byte")                                                                                         \
    X(reallocations, "reallocation")                                                                                   \
    X(temporary, "temporary allocation")                                                                               \
    X(peak_blocks, "block")                                                                                            \
    X(peak_bytes, "byte")                                                                                              \
    X(live_blocks, "block")                                                                                            \
    X(live_bytes, "byte")

#define VALUE(name, unit)                                                                                              \
    static int64_t name(const struct tare__snapshot_site *site)                                                        \
    {                                                                                                                  \
        return (int64_t)site->name;                                                                                    \
    }
FIGURES(VALUE)
#undef VALUE

const struct tare__site_figure tare__site_figures[] = {
#define ROW(name, unit) {#name, unit, name},
    FIGURES(ROW)
#undef ROW
};
const size_t tare__site_figure_count = sizeof tare__site_figures / sizeof *tare__site_figures;

enum {
#define NUMBER(name, unit) FIGURE_##name,
    FIGURES(NUMBER)
#undef NUMBER
};
#define FIGURE(name) &tare__site_figures[FIGURE_##name]

const struct tare__metric tare__metrics[] = {
    {
        .name = "bytes",
        .meaning = "bytes allocated",
        .heading = "most bytes allocated",
        .figure = FIGURE(bytes_allocated),
        .preposition = "in",
        .second = FIGURE(allocations),
        .third = FIGURE(reallocations),
        .in_summary = true,
        .statistics = {"bytes_allocated", NULL},
        .profile_type = "alloc_space",
    },
    {
        .name = "count",
        .meaning = "allocations",
        .heading = "most allocations",
        .figure = FIGURE(allocations),
        .preposition = "of",
        .second = FIGURE(bytes_allocated),
        .in_summary = true,
        .statistics = {"allocations"},
        .profile_type = "alloc_objects",
    },
    {
        .name = "peak",
        .meaning = "bytes live at the peak",
        .heading = "live at the peak",
        .figure = FIGURE(peak_bytes),
        .preposition = "in",
        .second = FIGURE(peak_blocks),
        .in_summary = true,
        .statistics = {"peak_bytes"},
        .profile_type = "peak_space",
    },
    {
        .name = "leak",
        .meaning = "bytes leaked",
        .heading = "leaked",
        .figure = FIGURE(live_bytes),
        .preposition = "in",
        .second = FIGURE(live_blocks),
        .leaks_only = true,
        .in_summary = true,
        .statistics = {"leaked_bytes", "leaked_allocations"},
        .profile_type = "leaked_space",
    },
    {
        .name = "temporary",
        .meaning = "allocations freed before their thread's next one",
        .heading = "most temporary allocations",
        .figure = FIGURE(temporary),
        .preposition = "of",
        .second = FIGURE(allocations),
        .in_summary = true,
        .profile_type = "temporary_objects",
    },
    {
        .name = "reallocations",
        .meaning = "reallocations",
        .heading = "most reallocations",
        .figure = FIGURE(reallocations),
        .preposition = "and",
        .second = FIGURE(allocations),
        .statistics = {"reallocations", "bytes_reallocated"},
        .profile_type = "reallocations",
    },
};
const size_t tare__metric_count = sizeof tare__metrics / sizeof *tare__metrics;

const struct tare__metric *tare__metric_named(const char *name)
{
    for (size_t i = 0; i < tare__metric_count; i++)
        if (strcmp(tare__metrics[i].name, name) == 0 || strcmp(tare__metrics[i].figure->key, name) == 0)
            return &tare__metrics[i];
    return NULL;
}

const struct tare__metric *tare__metric_of_statistic(const char *name)
{
    for (size_t i = 0; i < tare__metric_count; i++)
        for (size_t k = 0; k < 2; k++)
            if (tare__metrics[i].statistics[k] != NULL && strcmp(tare__metrics[i].statistics[k], name) == 0)
                return &tare__metrics[i];
    return NULL;
}

bool tare__site_is_leak(const struct tare__snapshot_site *site)
{
    return !site->is_runtime && site->suppressed_by == NULL;
}

int64_t tare__metric_value(const struct tare__metric *metric, const struct tare__snapshot_site *site)
{
    return metric->leaks_only && !tare__site_is_leak(site) ? 0 : metric->figure->value(site);
}

bool tare__metric_counts(const struct tare__metric *metric, const struct tare__snapshot_site *site)
{
    return tare__metric_value(metric, site) > 0 ||
           (metric->leaks_only && tare__site_is_leak(site) && metric->second->value(site) > 0);
}

int64_t tare__metric_total(const struct tare__metric *metric, const struct tare__process *process)
{
    const struct tare__statistic *statistic =
        metric->statistics[0] != NULL ? tare__statistic_named(metric->statistics[0], strlen(metric->statistics[0]))
                                      : NULL;
    if (statistic != NULL)
        return tare__statistic_value(statistic, &process->stats);
    int64_t total = 0;
    for (size_t i = 0; i < process->origins.site_count; i++)
        total += tare__metric_value(metric, &process->origins.sites[i]);
    return total;
}
