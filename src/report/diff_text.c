/* SPDX-License-Identifier: MIT */
/* Two runs for people: the figures side by side, then the sites that changed. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "diff.h"
#include "phrase.h"
#include "sites_text.h"
#include "stats.h"

enum { FIGURE_COLUMNS = 18, LINE_COLUMNS = 76 };

#define PLURAL(count) ((count) == 1 ? "" : "s")

/* +1,234 */
static const char *signed_figure(char buffer[TARE__FIGURE_BYTES], int64_t value)
{
    if (value < 0)
        return tare__figure(buffer, value);
    buffer[0] = '+';
    char figure[TARE__FIGURE_BYTES];
    snprintf(buffer + 1, TARE__FIGURE_BYTES - 1, "%s", tare__figure(figure, value));
    return buffer;
}

static void write_change_percent(int64_t before, int64_t change, int decimals, FILE *out)
{
    if (before != 0)
        fprintf(out, "%+.*f %%", decimals, (double)change * 100 / (double)before);
}

static void write_side(const struct tare__diff_report *report, int side, const char *word, FILE *out)
{
    char line[TARE__COMMAND_LINE_BYTES];
    const struct tare__process *process = report->diff->processes[side];
    fprintf(out, "%-8s%s: %s (pid %d)\n", word, report->paths[side], tare__command_line(line, process, LINE_COLUMNS),
            process->pid);
    for (int i = 0; i < TARE_INEXACT_COUNT; i++)
        if (process->stats.inexact & (1u << i))
            fprintf(out, "        inexact: %s\n", tare_inexact_text(1u << i));
}

static void write_statistics(const struct tare__diff *diff, FILE *out)
{
    char before_figure[TARE__FIGURE_BYTES], after_figure[TARE__FIGURE_BYTES], change_figure[TARE__FIGURE_BYTES];
    fprintf(out, "\n%-*s%*s%*s%*s\n", TARE__STATISTIC_COLUMN, "", FIGURE_COLUMNS, "before", FIGURE_COLUMNS, "after",
            FIGURE_COLUMNS, "change");
    for (size_t i = 0; i < tare__statistic_count; i++) {
        int64_t before = tare__statistic_value(&tare__statistics[i], &diff->processes[TARE__BEFORE]->stats);
        int64_t after = tare__statistic_value(&tare__statistics[i], &diff->processes[TARE__AFTER]->stats);
        int64_t change = after - before;
        fprintf(out, "%-*s%*s%*s%*s", TARE__STATISTIC_COLUMN, tare__statistics[i].name, FIGURE_COLUMNS,
                tare__figure(before_figure, before), FIGURE_COLUMNS, tare__figure(after_figure, after), FIGURE_COLUMNS,
                change == 0 ? "0" : signed_figure(change_figure, change));
        if (change != 0 && before != 0)
            fputs("  ", out);
        if (change != 0)
            write_change_percent(before, change, 1, out);
        fputc('\n', out);
    }
}

/* ---- Sites ------------------------------------------------------------------- */

static void write_row(const struct tare__diff *diff, const struct tare__diff_row *row,
                      const struct tare__metric *metric, const struct tare__report_options *options, int columns,
                      FILE *out)
{
    char change_figure[TARE__FIGURE_BYTES], before_figure[TARE__FIGURE_BYTES], after_figure[TARE__FIGURE_BYTES];
    int64_t change = tare__diff_change(row, metric);
    int64_t before = tare__metric_value(metric, &row->sum[TARE__BEFORE]);
    int64_t after = tare__metric_value(metric, &row->sum[TARE__AFTER]);
    fprintf(out, "  %*s %s%s  %s", columns, signed_figure(change_figure, change), metric->figure->unit,
            PLURAL(change == -1 ? 1 : change), tare__diff_word(row, metric));
    if (before != 0 && after != 0)
        fprintf(out, " from %s to %s", tare__figure(before_figure, before), tare__figure(after_figure, after));
    fputc('\n', out);
    int side = row->is_in[TARE__AFTER] ? TARE__AFTER : TARE__BEFORE;
    const struct tare__sites_request request = {.frames_max = options->frames};
    tare__report_stack(diff->processes[side], row->sum[side].stack, &request, out);
}

static void write_counts(const struct tare__diff *diff, const struct tare__metric *metric, size_t changed, FILE *out)
{
    static const char *const words[] = {"grew", "appeared", "shrank", "vanished"};
    const char *separator = "";
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t count = 0;
        for (size_t k = 0; k < changed; k++)
            count += strcmp(tare__diff_word(&diff->rows[k], metric), words[i]) == 0;
        if (count > 0) {
            fprintf(out, "%s%zu site%s %s", separator, count, PLURAL(count), words[i]);
            separator = ", ";
        }
    }
}

static int columns_of(const struct tare__diff *diff, const struct tare__metric *metric, size_t shown)
{
    int columns = 0;
    for (size_t i = 0; i < shown; i++) {
        char figure[TARE__FIGURE_BYTES];
        int length = (int)strlen(signed_figure(figure, tare__diff_change(&diff->rows[i], metric)));
        columns = length > columns ? length : columns;
    }
    return columns;
}

static void write_list(const struct tare__diff_report *report, const struct tare__metric *metric, FILE *out)
{
    struct tare__diff *diff = report->diff;
    size_t changed = tare__diff_rank(diff, metric), top = report->options.top;
    size_t shown = top != 0 && top < changed ? top : changed;
    if (changed == 0)
        return;
    fprintf(out, "\n%s: ", metric->meaning);
    write_counts(diff, metric, changed, out);
    fputc('\n', out);
    int columns = columns_of(diff, metric, shown);
    for (size_t i = 0; i < shown; i++)
        write_row(diff, &diff->rows[i], metric, &report->options, columns, out);
    if (shown < changed)
        fprintf(out, "  ... and %zu more site%s\n", changed - shown, PLURAL(changed - shown));
}

void tare__diff_failures(const struct tare__diff_report *report, FILE *out)
{
    const tare_stats *before = &report->diff->processes[TARE__BEFORE]->stats;
    const tare_stats *after = &report->diff->processes[TARE__AFTER]->stats;
    bool exact = (before->inexact | after->inexact) == 0;
    for (size_t i = 0; i < report->growth_count; i++) {
        const struct tare__growth *growth = &report->growths[i];
        char figure[TARE__FIGURE_BYTES];
        int64_t old = tare__statistic_value(growth->statistic, before);
        int64_t change = tare__statistic_value(growth->statistic, after) - old;
        if (!growth->failed)
            continue;
        if (!exact) {
            fprintf(out, "tare: can't be judged, since a run is inexact: %s\n", growth->expression);
            continue;
        }
        fprintf(out, "tare: failed: %s: the change is %s", growth->expression, signed_figure(figure, change));
        if (old != 0)
            fputs(", ", out);
        write_change_percent(old, change, 2, out);
        fputc('\n', out);
    }
}

int tare__diff_text(const struct tare__diff_report *report, FILE *out)
{
    write_side(report, TARE__BEFORE, "before:", out);
    write_side(report, TARE__AFTER, "after:", out);
    write_statistics(report->diff, out);
    for (size_t i = 0; i < tare__metric_count; i++) {
        const struct tare__metric *metric = &tare__metrics[i];
        if (report->options.metric == NULL ? metric->in_summary : report->options.metric == metric)
            write_list(report, metric, out);
    }
    tare__diff_failures(report, out);
    return 0;
}
