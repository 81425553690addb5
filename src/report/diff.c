/* SPDX-License-Identifier: MIT */
/* Each site gets a key in words; sites of the same key become neighbours by sorting. */
#include "diff.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "stack_view.h"

struct keyed {
    char *key;
    const struct tare__snapshot_site *site;
    int side;
};

/* ---- Keys ------------------------------------------------------------------ */

/* Two builds of a program may have two names, and two of a library two versions. */
static void write_module(const struct tare__snapshot_module *module, FILE *out)
{
    if (module == NULL || module->is_program)
        return;
    const char *version = strstr(module->name, ".so");
    fprintf(out, " %.*s", (int)(version != NULL ? (size_t)(version - module->name) : strlen(module->name)),
            module->name);
}

static void write_line(const struct tare__stack_line *line, FILE *out)
{
    if (line->truncated)
        fprintf(out, "truncated %" PRIu64, line->frame->address);
    else if (line->place != NULL && line->place->function != NULL)
        fputs(line->place->function, out);
    else
        fprintf(out, "0x%" PRIx64, line->frame->address - (line->module != NULL ? line->module->bias : 0));
    write_module(line->module, out);
    fputc('\n', out);
}

static bool is_again(const struct tare__stack_line *before, const struct tare__stack_line *line)
{
    return before->place != NULL && line->place != NULL && before->module == line->module &&
           before->place->function != NULL && line->place->function != NULL &&
           strcmp(before->place->function, line->place->function) == 0;
}

/* How deep a function called itself makes no difference. Leaks of one row all count,
 * or none does. */
static char *key_of(const struct tare__origins *origins, const struct tare__snapshot_site *site)
{
    char *key = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&key, &length);
    if (out == NULL)
        return NULL;
    struct tare__stack_view view = tare__stack_view(origins, site->stack);
    struct tare__stack_line line, before = {0};
    fprintf(out, "%d %d\n", site->is_runtime, site->suppressed_by != NULL);
    while (tare__stack_view_next(&view, &line)) {
        if (line.hidden || is_again(&before, &line))
            continue;
        write_line(&line, out);
        before = line;
    }
    if (fclose(out) == 0)
        return key;
    free(key);
    return NULL;
}

/* ---- Rows ------------------------------------------------------------------ */

static bool add_keys(struct keyed *all, size_t *count, const struct tare__process *process, int side)
{
    for (size_t i = 0; i < process->origins.site_count; i++) {
        const struct tare__snapshot_site *site = &process->origins.sites[i];
        all[*count] = (struct keyed){key_of(&process->origins, site), site, side};
        if (all[*count].key == NULL)
            return false;
        ++*count;
    }
    return true;
}

static int by_key(const void *a, const void *b)
{
    const struct keyed *one = a, *other = b;
    int order = strcmp(one->key, other->key);
    if (order != 0)
        return order;
    if (one->side != other->side)
        return one->side - other->side;
    return (one->site > other->site) - (one->site < other->site);
}

static void add_site(struct tare__diff_row *row, const struct keyed *keyed)
{
    struct tare__snapshot_site *sum = &row->sum[keyed->side];
    const struct tare__snapshot_site *site = keyed->site;
    if (!row->is_in[keyed->side]) {
        *sum = *site;
        row->is_in[keyed->side] = true;
        return;
    }
    sum->allocations += site->allocations;
    sum->bytes_allocated += site->bytes_allocated;
    sum->reallocations += site->reallocations;
    sum->temporary += site->temporary;
    sum->peak_blocks += site->peak_blocks;
    sum->peak_bytes += site->peak_bytes;
    sum->live_blocks += site->live_blocks;
    sum->live_bytes += site->live_bytes;
}

static void add_rows(struct tare__diff *diff, const struct keyed *all, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || strcmp(all[i].key, all[i - 1].key) != 0) {
            diff->rows[diff->count] = (struct tare__diff_row){.position = diff->count};
            diff->count++;
        }
        add_site(&diff->rows[diff->count - 1], &all[i]);
    }
}

int tare__diff_build(struct tare__diff *diff, const struct tare__process *before, const struct tare__process *after)
{
    size_t most = before->origins.site_count + after->origins.site_count, count = 0;
    struct keyed *all = calloc(most + 1, sizeof *all);
    *diff = (struct tare__diff){.processes = {before, after}, .rows = calloc(most + 1, sizeof *diff->rows)};
    bool built = all != NULL && diff->rows != NULL && add_keys(all, &count, before, TARE__BEFORE) &&
                 add_keys(all, &count, after, TARE__AFTER);
    if (built) {
        qsort(all, count, sizeof *all, by_key);
        add_rows(diff, all, count);
    }
    for (size_t i = 0; i < count; i++)
        free(all[i].key);
    free(all);
    return built ? 0 : ENOMEM;
}

void tare__diff_free(struct tare__diff *diff)
{
    free(diff->rows);
    *diff = (struct tare__diff){.rows = NULL};
}

/* ---- Changes --------------------------------------------------------------- */

int64_t tare__diff_change(const struct tare__diff_row *row, const struct tare__metric *metric)
{
    return tare__metric_value(metric, &row->sum[TARE__AFTER]) - tare__metric_value(metric, &row->sum[TARE__BEFORE]);
}

const char *tare__diff_word(const struct tare__diff_row *row, const struct tare__metric *metric)
{
    int64_t change = tare__diff_change(row, metric);
    if (change == 0)
        return NULL;
    if (tare__metric_value(metric, &row->sum[TARE__BEFORE]) == 0)
        return "appeared";
    if (tare__metric_value(metric, &row->sum[TARE__AFTER]) == 0)
        return "vanished";
    return change > 0 ? "grew" : "shrank";
}

static int64_t size_of(int64_t change)
{
    return change < 0 ? -change : change;
}

static int by_change(const void *a, const void *b, void *context)
{
    int64_t one = tare__diff_change(a, context), other = tare__diff_change(b, context);
    if (size_of(one) != size_of(other))
        return size_of(one) < size_of(other) ? 1 : -1;
    if (one != other)
        return one < other ? 1 : -1; /* growth first */
    size_t position = ((const struct tare__diff_row *)a)->position;
    return position < ((const struct tare__diff_row *)b)->position ? -1 : 1;
}

size_t tare__diff_rank(struct tare__diff *diff, const struct tare__metric *metric)
{
    size_t changed = 0;
    qsort_r(diff->rows, diff->count, sizeof *diff->rows, by_change, (void *)(uintptr_t)metric);
    while (changed < diff->count && tare__diff_change(&diff->rows[changed], metric) != 0)
        changed++;
    return changed;
}

static bool exceeds(const struct tare__growth *growth, const tare_stats *before, const tare_stats *after)
{
    enum { THOUSANDTHS = 100 * 1000 };
    int64_t old = tare__statistic_value(growth->statistic, before);
    __int128 change = (__int128)tare__statistic_value(growth->statistic, after) - old, limit = growth->limit;
    if (growth->percent) {
        change *= THOUSANDTHS;
        limit *= old;
    }
    return change > limit || (growth->or_equal && change == limit);
}

bool tare__growths_judge(struct tare__growth *growths, size_t count, const struct tare__diff *diff)
{
    const tare_stats *before = &diff->processes[TARE__BEFORE]->stats, *after = &diff->processes[TARE__AFTER]->stats;
    bool all = true;
    for (size_t i = 0; i < count; i++) {
        growths[i].failed = (before->inexact | after->inexact) != 0 || exceeds(&growths[i], before, after);
        all &= !growths[i].failed;
    }
    return all;
}
