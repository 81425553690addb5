/* SPDX-License-Identifier: MIT */
/*
 * A run's summary for people: what ran and how it ended, the statistics, the
 * sizes, the sites, how it was measured and what is inexact, then the other
 * processes. Parts that have nothing to say are left out.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "phrase.h"
#include "sites_text.h"
#include "stats.h"
#include "summary.h"
#include "suppression.h"

enum { LINE_COLUMNS = 100, TABLE_COMMAND_COLUMNS = 48, FIGURE_COLUMNS = 18, BAR_COLUMNS = 40, CHILD_LINES_MAX = 40 };

#define PLURAL(count) ((count) == 1 ? "" : "s")

static const struct tare__process *main_of(const struct tare__snapshot *snapshot)
{
    return &snapshot->processes[snapshot->main];
}

static void write_scope(const struct tare__process *process, FILE *out)
{
    char figure[TARE__TEXT_DIGITS];
    fprintf(out, "scope: %s", *process->scope_name != '\0' ? process->scope_name : "without a name");
    if (*process->scope_file != '\0')
        fprintf(out, ", %s:%s", process->scope_file, tare__text_digits(figure, process->scope_line));
    fputc('\n', out);
}

static void write_header(const struct tare__snapshot *snapshot, FILE *out)
{
    char line[TARE__COMMAND_LINE_BYTES];
    const struct tare__process *process = main_of(snapshot);
    fprintf(out, "tare: %s (pid %d)", tare__command_line(line, process, LINE_COLUMNS), process->pid);
    if (snapshot->signal != 0)
        fprintf(out, ": killed by signal %d (%s)", snapshot->signal, strsignal(snapshot->signal));
    else if (snapshot->end_known)
        fprintf(out, ": exit status %d", snapshot->exit_status);
    fputc('\n', out);
    if (process->is_scope)
        write_scope(process, out);
}

static void write_statistics(const struct tare__process *process, FILE *out)
{
    char figure[TARE__FIGURE_BYTES], bytes[TARE__FIGURE_BYTES];
    for (size_t i = 0; i < tare__statistic_count; i++)
        fprintf(out, "%-*s%*s\n", TARE__STATISTIC_COLUMN, tare__statistics[i].name, FIGURE_COLUMNS,
                tare__figure(figure, tare__statistic_value(&tare__statistics[i], &process->stats)));
    if (process->runtime_blocks != 0)
        fprintf(out, "runtime pools       %s block%s, %s bytes (counted, not leaks)\n",
                tare__figure(figure, (int64_t)process->runtime_blocks), PLURAL(process->runtime_blocks),
                tare__figure(bytes, (int64_t)process->runtime_bytes));
}

/* A site that more than one list shows has its stack in the first. */
static void write_lists(const struct tare__process *process, const struct tare__report_options *options,
                        struct tare__site_numbers *numbers, FILE *out)
{
    for (size_t i = 0; i < tare__metric_count; i++) {
        const struct tare__metric *metric = &tare__metrics[i];
        if (options->metric == NULL ? !metric->in_summary : options->metric != metric)
            continue;
        const struct tare__sites_request request = {
            .metric = metric,
            .order = options->order,
            .sites_max = options->top,
            .frames_max = options->frames,
            .numbers = numbers,
            .apart = true,
        };
        tare__report_sites(process, &request, out);
        if (metric->leaks_only)
            tare__report_pools(process, 0, out);
    }
}

static int write_sites(const struct tare__process *process, const struct tare__report_options *options, FILE *out)
{
    if (process->origins.site_count == 0)
        return 0;
    struct tare__site_numbers numbers = {calloc(process->origins.site_count, sizeof *numbers.of), 0};
    if (numbers.of == NULL)
        return ENOMEM;
    write_lists(process, options, &numbers, out);
    free(numbers.of);
    return 0;
}

static void write_bar(uint64_t part, uint64_t whole, FILE *out)
{
    int columns = (int)((double)part / (double)whole * BAR_COLUMNS + 0.5);
    fprintf(out, " %.*s\n", columns > 0 ? columns : 1, "########################################");
}

static void write_sizes(const struct tare__process *process, FILE *out)
{
    char figure[TARE__FIGURE_BYTES], label[64];
    uint64_t most = 0;
    for (size_t i = 0; i < process->size_count; i++)
        most = process->sizes[i].allocations > most ? process->sizes[i].allocations : most;
    if (most > 0)
        fprintf(out, "\n%-*s%*s\n", TARE__STATISTIC_COLUMN, "requested bytes", FIGURE_COLUMNS, "allocations");
    for (size_t i = 0; i < process->size_count; i++) {
        const struct tare__size_range *range = &process->sizes[i];
        if (range->low == range->high)
            snprintf(label, sizeof label, "%llu", (unsigned long long)range->low);
        else
            snprintf(label, sizeof label, "%llu-%llu", (unsigned long long)range->low, (unsigned long long)range->high);
        fprintf(out, "%-*s%*s", TARE__STATISTIC_COLUMN, label, FIGURE_COLUMNS,
                tare__figure(figure, (int64_t)range->allocations));
        write_bar(range->allocations, most, out);
    }
}

static void write_inexact(uint32_t inexact, FILE *out)
{
    for (int i = 0; i < TARE_INEXACT_COUNT; i++)
        if (inexact & (1u << i))
            fprintf(out, "inexact: %s\n", tare_inexact_text(1u << i));
}

void tare__report_doubts(const struct tare__snapshot *snapshot, FILE *out)
{
    const struct tare__process *process = main_of(snapshot);
    write_inexact(process->stats.inexact, out);
    tare__report_gaps(process, 0, out);
    if (process->running)
        fputs("still running: figures up to now\n", out);
    uint64_t lost = tare__snapshot_children_lost(snapshot);
    if (lost > 0)
        fprintf(out, "%llu forked child%s could not be recorded\n", (unsigned long long)lost, lost == 1 ? "" : "ren");
    if (snapshot->refused_count > 0)
        fprintf(out, "%zu record%s could not be read: %s\n", snapshot->refused_count, PLURAL(snapshot->refused_count),
                snapshot->refused_reason);
}

static void write_trust(const struct tare__snapshot *snapshot, FILE *out)
{
    const struct tare__process *process = main_of(snapshot);
    fprintf(out, "\nmode: %s over %s\n", process->mode, process->allocator);
    if (process->stats.inexact == 0)
        fputs("exact: yes\n", out);
    tare__report_doubts(snapshot, out);
}

static void write_child(const struct tare__process *process, FILE *out)
{
    char line[TARE__COMMAND_LINE_BYTES], allocations[TARE__FIGURE_BYTES], peak[TARE__FIGURE_BYTES],
        leaked[TARE__FIGURE_BYTES];
    fprintf(out, "%8d %14s %16s %16s  %s%s%s\n", process->pid,
            tare__figure(allocations, (int64_t)process->stats.allocations),
            tare__figure(peak, (int64_t)process->stats.peak_bytes),
            tare__figure(leaked, (int64_t)process->stats.leaked_bytes),
            tare__command_line(line, process, TABLE_COMMAND_COLUMNS), process->stats.inexact != 0 ? " (inexact)" : "",
            process->running ? " (still running: figures up to now)" : "");
}

static void write_children(const struct tare__snapshot *snapshot, FILE *out)
{
    if (snapshot->process_count < 2)
        return;
    fprintf(out, "\n%8s %14s %16s %16s  %s\n", "pid", "allocations", "peak_bytes", "leaked_bytes", "other processes");
    size_t lines = 0;
    for (size_t i = 0; i < snapshot->process_count && lines < CHILD_LINES_MAX; i++)
        if (i != snapshot->main) {
            write_child(&snapshot->processes[i], out);
            lines++;
        }
    if (lines < snapshot->process_count - 1)
        fprintf(out, "and %zu more, which are in the JSON\n", snapshot->process_count - 1 - lines);
}

/* What was judged is less than what the program left behind. */
static void write_suppressed(const struct tare__process *process, FILE *out)
{
    int64_t blocks, bytes;
    char blocks_figure[TARE__FIGURE_BYTES], bytes_figure[TARE__FIGURE_BYTES];
    tare__suppressed(process, &blocks, &bytes);
    if (blocks != 0)
        fprintf(out, "  leaks without the %s block%s of %s bytes that suppressions cover\n",
                tare__figure(blocks_figure, blocks), PLURAL(blocks), tare__figure(bytes_figure, bytes));
}

static bool all_hold(const struct tare__snapshot *snapshot)
{
    bool all = true;
    for (size_t i = 0; i < snapshot->expectation_count; i++)
        all &= snapshot->expectations[i].holds;
    return all;
}

void tare__report_failures(const struct tare__snapshot *snapshot, FILE *out)
{
    uint32_t inexact = main_of(snapshot)->stats.inexact;
    if (all_hold(snapshot))
        return;
    fprintf(out, "tare: %s\n", inexact == 0 ? "expectation failed" : "expectation can't be judged");
    fprintf(out, "  %-20s%-30s%s\n", "statistic", "expected", "actual");
    for (size_t i = 0; i < snapshot->expectation_count; i++) {
        const struct tare__expectation *one = &snapshot->expectations[i];
        char expected[64];
        snprintf(expected, sizeof expected, "%s %lld", one->relation->words, (long long)one->value);
        fprintf(out, "%s %-20s%-30s%lld\n", one->holds ? " " : "!", one->statistic->name, expected,
                (long long)one->actual);
    }
    write_inexact(inexact, out);
    write_suppressed(main_of(snapshot), out);
}

static void write_record(const struct tare__snapshot *snapshot, FILE *out)
{
    if (snapshot->record != NULL)
        fprintf(out, "record: %s ('tare report' shows more of it)\n", snapshot->record);
}

static int write_all(const struct tare__snapshot *snapshot, const struct tare__report_options *options, FILE *out)
{
    write_statistics(main_of(snapshot), out);
    write_sizes(main_of(snapshot), out);
    int error = write_sites(main_of(snapshot), options, out);
    write_trust(snapshot, out);
    write_children(snapshot, out);
    tare__report_failures(snapshot, out);
    write_record(snapshot, out);
    return error;
}

int tare__summary_text(const struct tare__snapshot *snapshot, const struct tare__report_options *options, FILE *out)
{
    write_header(snapshot, out);
    if (options->tree)
        return tare__tree_text(main_of(snapshot), tare__report_order(options), options->prune, out);
    return options->metric != NULL ? write_sites(main_of(snapshot), options, out) : write_all(snapshot, options, out);
}
