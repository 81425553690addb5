/* SPDX-License-Identifier: MIT */
/* Sites, one for each stack, though a store has one for each set of open scopes too. */
#include <errno.h>

#include "grow.h"
#include "origins_parts.h"

/* Damage may have put anything into figures; their sums must be no worse than wrong. */
static int64_t sum(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

static int64_t difference(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a - (uint64_t)b);
}

static void add_figures(struct tare__snapshot_site *to, const struct tare__site *site, int64_t peak)
{
    int64_t live_blocks = difference(site->live_blocks, site->elsewhere_blocks);
    int64_t live_bytes = difference(site->live_bytes, site->elsewhere_bytes);
    bool changed_since = site->peak_at == peak;
    to->allocations += site->allocations;
    to->bytes_allocated += site->bytes_allocated;
    to->reallocations += site->reallocations;
    to->temporary += site->temporary;
    to->live_blocks = sum(to->live_blocks, live_blocks);
    to->live_bytes = sum(to->live_bytes, live_bytes);
    to->peak_blocks = sum(to->peak_blocks, changed_since ? site->peak_blocks : live_blocks);
    to->peak_bytes = sum(to->peak_bytes, changed_since ? site->peak_bytes : live_bytes);
}

/* NULL where there is no memory. */
static struct tare__snapshot_site *site_of(struct tare__building *building, uint32_t stack, bool is_runtime)
{
    struct tare__origins *origins = building->origins;
    struct tare__first_site *first = &building->first_sites[stack];
    uint32_t *index = is_runtime ? &first->runtime : &first->plain;
    if (*index != 0)
        return &origins->sites[*index - 1];
    struct tare__snapshot_site *sites = tare__grow(origins->sites, origins->site_count, sizeof *sites);
    if (sites == NULL)
        return NULL;
    origins->sites = sites;
    sites[origins->site_count] =
        (struct tare__snapshot_site){.stack = stack, .order = (uint32_t)origins->site_count, .is_runtime = is_runtime};
    *index = (uint32_t)++origins->site_count;
    return &sites[*index - 1];
}

static int prepare_sites(struct tare__building *building)
{
    const struct tare__origins *origins = building->origins;
    struct tare__first_site *first = building->first_sites = calloc(origins->frame_count, sizeof *first);
    if (first == NULL)
        return tare__refuse_memory(building->refusal);
    for (size_t i = 1; i < origins->frame_count; i++) /* callers come before */
        first[i].is_truncated =
            first[origins->frames[i].parent].is_truncated || (origins->frames[i].flags & TARE__FRAME_TRUNCATED) != 0;
    return 0;
}

int tare__add_sites(struct tare__building *building)
{
    int error = prepare_sites(building);
    for (uint32_t id = 0; error == 0 && (id = tare__records_next(&building->sites, id)) != 0;) {
        const struct tare__site *site = tare__records_at(&building->sites, id);
        if (tare__is_blank(site))
            continue;
        uint32_t stack = site->stack == 0 ? 0 : *tare__records_note(&building->frames, site->stack);
        struct tare__snapshot_site *to = site_of(building, stack, site->scopes == TARE__SCOPES_RUNTIME);
        if (to == NULL)
            return tare__refuse_memory(building->refusal);
        add_figures(to, site, building->peak);
        if (building->first_sites[stack].is_truncated)
            building->origins->truncated_allocations += site->allocations;
    }
    return error;
}

static int by_bytes(const void *a, const void *b)
{
    const struct tare__snapshot_site *one = a, *other = b;
    if (one->bytes_allocated != other->bytes_allocated)
        return one->bytes_allocated > other->bytes_allocated ? -1 : 1;
    if (one->allocations != other->allocations)
        return one->allocations > other->allocations ? -1 : 1;
    return (one->stack > other->stack) - (one->stack < other->stack);
}

void tare__finish_sites(struct tare__origins *origins, const tare_stats *stats)
{
    if (origins->site_count > 0)
        qsort(origins->sites, origins->site_count, sizeof *origins->sites, by_bytes);
    struct tare__snapshot_site all = {0};
    for (size_t i = 0; i < origins->site_count; i++) {
        const struct tare__snapshot_site *site = &origins->sites[i];
        all.allocations += site->allocations;
        all.bytes_allocated += site->bytes_allocated;
        all.peak_bytes = sum(all.peak_bytes, site->peak_bytes);
        if (site->is_runtime)
            continue; /* no leak */
        all.live_blocks = sum(all.live_blocks, site->live_blocks);
        all.live_bytes = sum(all.live_bytes, site->live_bytes);
    }
    origins->siteless_allocations = (int64_t)(stats->allocations - all.allocations);
    origins->siteless_bytes = (int64_t)(stats->bytes_allocated - all.bytes_allocated);
    origins->siteless_live_blocks = difference((int64_t)stats->leaked_allocations, all.live_blocks);
    origins->siteless_live_bytes = difference((int64_t)stats->leaked_bytes, all.live_bytes);
    origins->siteless_peak_bytes = difference((int64_t)stats->peak_bytes, all.peak_bytes);
}
