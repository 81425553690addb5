/* SPDX-License-Identifier: MIT */
#include "diff.h"
#include "sites_json.h"
#include "stats.h"

static json_t *statistics(struct tare__json *json, const tare_stats *stats, const tare_stats *less)
{
    json_t *object = json_object();
    for (size_t i = 0; i < tare__statistic_count; i++) {
        int64_t value = tare__statistic_value(&tare__statistics[i], stats);
        if (less != NULL)
            value -= tare__statistic_value(&tare__statistics[i], less);
        tare__json_set(json, object, tare__statistics[i].name, json_integer(value));
    }
    return object;
}

static json_t *side_object(struct tare__json *json, const struct tare__diff_report *report, int side)
{
    const struct tare__process *process = report->diff->processes[side];
    json_t *object = statistics(json, &process->stats, NULL), *inexact = json_array(), *command = json_array();
    for (int i = 0; i < TARE_INEXACT_COUNT; i++)
        if (process->stats.inexact & (1u << i))
            tare__json_append(json, inexact, json_string(tare__inexact_name(1u << i)));
    for (const char *at = NULL; (at = tare__process_argument(process, at)) != NULL;)
        tare__json_append(json, command, tare__json_string(at));
    tare__json_set(json, object, "inexact", inexact);
    tare__json_set(json, object, "record", tare__json_string(report->paths[side]));
    tare__json_set(json, object, "pid", json_integer(process->pid));
    tare__json_set(json, object, "command", command);
    return object;
}

static json_t *figures(struct tare__json *json, const struct tare__snapshot_site *site)
{
    json_t *object = json_object();
    for (size_t i = 0; i < tare__site_figure_count; i++)
        tare__json_set(json, object, tare__site_figures[i].key, json_integer(tare__site_figures[i].value(site)));
    return object;
}

static json_t *row_object(struct tare__json *json, const struct tare__diff *diff, const struct tare__diff_row *row,
                          const struct tare__metric *metric)
{
    int side = row->is_in[TARE__AFTER] ? TARE__AFTER : TARE__BEFORE;
    json_t *object = json_object();
    tare__json_set(json, object, "change", json_string(tare__diff_word(row, metric)));
    tare__json_set(json, object, "before", figures(json, &row->sum[TARE__BEFORE]));
    tare__json_set(json, object, "after", figures(json, &row->sum[TARE__AFTER]));
    tare__json_set(json, object, "stack",
                   tare__json_stack(json, &diff->processes[side]->origins, row->sum[side].stack));
    return object;
}

static json_t *rows(struct tare__json *json, const struct tare__diff_report *report)
{
    json_t *array = json_array();
    const struct tare__metric *metric = tare__report_order(&report->options);
    size_t changed = tare__diff_rank(report->diff, metric), top = report->options.top;
    for (size_t i = 0; i < changed && (top == 0 || i < top); i++)
        tare__json_append(json, array, row_object(json, report->diff, &report->diff->rows[i], metric));
    return array;
}

static json_t *growths(struct tare__json *json, const struct tare__diff_report *report)
{
    json_t *array = json_array();
    for (size_t i = 0; i < report->growth_count; i++) {
        json_t *object = json_object();
        tare__json_set(json, object, "expression", tare__json_string(report->growths[i].expression));
        tare__json_set(json, object, "statistic", json_string(report->growths[i].statistic->name));
        tare__json_set(json, object, "failed", json_boolean(report->growths[i].failed));
        tare__json_append(json, array, object);
    }
    return array;
}

int tare__diff_json(const struct tare__diff_report *report, FILE *out)
{
    struct tare__json json = {false};
    json_t *object = json_object();
    const struct tare__diff *diff = report->diff;
    tare__json_set(&json, object, "before", side_object(&json, report, TARE__BEFORE));
    tare__json_set(&json, object, "after", side_object(&json, report, TARE__AFTER));
    tare__json_set(&json, object, "change",
                   statistics(&json, &diff->processes[TARE__AFTER]->stats, &diff->processes[TARE__BEFORE]->stats));
    tare__json_set(&json, object, "metric", json_string(tare__report_order(&report->options)->name));
    tare__json_set(&json, object, "sites", rows(&json, report));
    if (report->growth_count > 0)
        tare__json_set(&json, object, "fail_if", growths(&json, report));
    return tare__json_write(&json, object, out);
}
