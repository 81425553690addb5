/* SPDX-License-Identifier: MIT */
/* Equal values are told apart by the second figure, then by their place in the
 * snapshot, so that the same snapshot makes the same list. */
#include "sites.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stack_view.h"

static bool is_listed(const struct tare__process *process, const struct tare__metric *metric,
                      const struct tare__snapshot_site *site)
{
    if (metric == NULL)
        return true;
    if (!tare__metric_counts(metric, site))
        return false;
    return !metric->leaks_only || tare__stack_pool(&process->origins, site->stack) == NULL;
}

static int descending(int64_t a, int64_t b)
{
    return (a < b) - (a > b);
}

static int by_metric(const void *a, const void *b, void *context)
{
    const struct tare__metric *metric = context;
    const struct tare__snapshot_site *one = *(const tare__site_pointer *)a;
    const struct tare__snapshot_site *other = *(const tare__site_pointer *)b;
    int order = descending(metric->figure->value(one), metric->figure->value(other));
    if (order == 0)
        order = descending(metric->second->value(one), metric->second->value(other));
    return order != 0 ? order : (one > other) - (one < other);
}

int tare__sites_rank(const struct tare__process *process, const struct tare__metric *metric,
                     const struct tare__metric *order, struct tare__ranking *ranking)
{
    const struct tare__origins *origins = &process->origins;
    *ranking = (struct tare__ranking){0};
    if (origins->site_count == 0)
        return 0;
    ranking->sites = malloc(origins->site_count * sizeof(tare__site_pointer));
    if (ranking->sites == NULL)
        return ENOMEM;
    for (size_t i = 0; i < origins->site_count; i++)
        if (is_listed(process, metric, &origins->sites[i]))
            ranking->sites[ranking->count++] = &origins->sites[i];
    qsort_r(ranking->sites, ranking->count, sizeof(tare__site_pointer), by_metric, (void *)(uintptr_t)order);
    return 0;
}

void tare__ranking_free(struct tare__ranking *ranking)
{
    free(ranking->sites);
    *ranking = (struct tare__ranking){0};
}

static size_t add(struct tare__set_apart apart[TARE__SET_APART_MAX], size_t count, const char *name,
                  const struct tare__snapshot_site *site)
{
    size_t at = 0;
    while (at < count && strcmp(apart[at].name, name) != 0)
        at++;
    if (at == TARE__SET_APART_MAX)
        apart[--at].name = "others";
    else if (at == count)
        apart[count++] = (struct tare__set_apart){.name = name};
    apart[at].blocks += site->live_blocks;
    apart[at].bytes += site->live_bytes;
    return count;
}

static const char *pool_of(const struct tare__process *process, const struct tare__snapshot_site *site)
{
    return site->suppressed_by == NULL ? tare__site_pool(&process->origins, site) : NULL;
}

static const char *suppression_of(const struct tare__process *process, const struct tare__snapshot_site *site)
{
    (void)process;
    return site->suppressed_by;
}

static size_t collect(const struct tare__process *process, struct tare__set_apart apart[TARE__SET_APART_MAX],
                      const char *(*name_of)(const struct tare__process *, const struct tare__snapshot_site *))
{
    size_t count = 0;
    for (size_t i = 0; i < process->origins.site_count; i++) {
        const struct tare__snapshot_site *site = &process->origins.sites[i];
        const char *name = site->live_blocks > 0 ? name_of(process, site) : NULL;
        if (name != NULL)
            count = add(apart, count, name, site);
    }
    return count;
}

size_t tare__sites_pools(const struct tare__process *process, struct tare__set_apart apart[TARE__SET_APART_MAX])
{
    return collect(process, apart, pool_of);
}

size_t tare__sites_suppressed(const struct tare__process *process, struct tare__set_apart apart[TARE__SET_APART_MAX])
{
    return collect(process, apart, suppression_of);
}
