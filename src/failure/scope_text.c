/* SPDX-License-Identifier: MIT */
/*
 *     first allocation:
 *       64 bytes  in 1 allocation
 *           mix at mix.c:12
 *           main at main.c:31
 *     leaked: 1 of 12 sites
 *       ...
 *
 * Which metric explains which statistic is in the table of metrics.
 */
#include <stdlib.h>

#include "explaining.h"
#include "failure_text.h"
#include "sites_text.h"

enum { SITES_MAX = 10, FRAMES_MAX = 20 };

static bool has_bit(uint32_t bits, size_t ordinal)
{
    return (bits >> ordinal & 1) != 0;
}

/* The metric for a statistic, if it was not for one before that; NULL for none. */
static const struct tare__metric *metric_of(uint32_t violated, size_t ordinal)
{
    const struct tare__metric *metric = tare__metric_of_statistic(tare__statistics[ordinal].name);
    for (size_t before = 0; before < ordinal; before++)
        if (has_bit(violated, before) && tare__metric_of_statistic(tare__statistics[before].name) == metric)
            return NULL;
    return metric;
}

/* A leak is told by who leaks it, not by when. */
static bool shows_first(uint32_t forbidden, size_t ordinal, const struct tare__metric *metric)
{
    return has_bit(forbidden, ordinal) && !metric->leaks_only;
}

static size_t count_sites(const struct tare__process *process, const struct tare__metric *metric)
{
    size_t count = 0;
    for (size_t i = 0; i < process->origins.site_count; i++)
        count += tare__metric_counts(metric, &process->origins.sites[i]);
    return count;
}

/* The one made first, of those that count in the metric. */
static const struct tare__snapshot_site *first_site(const struct tare__process *process,
                                                    const struct tare__metric *metric)
{
    const struct tare__snapshot_site *first = NULL;
    for (size_t i = 0; i < process->origins.site_count; i++) {
        const struct tare__snapshot_site *site = &process->origins.sites[i];
        if (tare__metric_counts(metric, site) && (first == NULL || site->order < first->order))
            first = site;
    }
    return first;
}

/* False where that is all there is to show. */
static bool write_first(const struct tare__process *process, const struct tare__sites_request *request, FILE *out)
{
    const struct tare__snapshot_site *first = first_site(process, request->metric);
    if (first == NULL)
        return false;
    const struct tare__sites_request one = {
        .metric = request->metric, .frames_max = FRAMES_MAX, .no_shares = true, .numbers = request->numbers};
    fprintf(out, "first %s:\n", request->metric->figure->unit);
    tare__report_site(process, first, &one, out);
    return count_sites(process, request->metric) > 1;
}

/* How many lists there will be, at most. */
static unsigned count_lists(const struct tare__process *process, uint32_t violated, uint32_t forbidden)
{
    unsigned count = 0;
    for (size_t i = 0; i < tare__statistic_count; i++) {
        const struct tare__metric *metric = has_bit(violated, i) ? metric_of(violated, i) : NULL;
        if (metric != NULL)
            count += shows_first(forbidden, i, metric) && count_sites(process, metric) > 1 ? 2 : 1;
    }
    return count;
}

/* Returns false where the statistic needs no list of its own. */
static bool write_metric(const struct tare__process *process, uint32_t violated, uint32_t forbidden, size_t ordinal,
                         struct tare__site_numbers *numbers, FILE *out)
{
    const struct tare__metric *metric = has_bit(violated, ordinal) ? metric_of(violated, ordinal) : NULL;
    if (metric == NULL)
        return false;
    const struct tare__sites_request request = {
        .metric = metric, .sites_max = SITES_MAX, .frames_max = FRAMES_MAX, .numbers = numbers};
    if (!shows_first(forbidden, ordinal, metric) || write_first(process, &request, out))
        tare__report_sites(process, &request, out);
    if (metric->leaks_only)
        tare__report_pools(process, 0, out);
    return true;
}

/* Numbers lead from one list to another. */
void tare__failure_scope_text(const struct tare__process *process, uint32_t violated, uint32_t forbidden, FILE *out)
{
    struct tare__site_numbers numbers = {0};
    if (count_lists(process, violated, forbidden) > 1)
        numbers.of = calloc(process->origins.site_count + 1, sizeof(unsigned));
    bool any = false;
    for (size_t i = 0; i < tare__statistic_count; i++)
        any |= write_metric(process, violated, forbidden, i, numbers.of != NULL ? &numbers : NULL, out);
    if (any)
        tare__report_gaps(process, 0, out);
    free(numbers.of);
}
