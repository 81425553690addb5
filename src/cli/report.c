/* SPDX-License-Identifier: MIT */
/* tare report: a record that was kept, or is still written, in any of the formats. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "choice.h"
#include "command.h"
#include "delivery.h"
#include "options.h"
#include "phrase.h"
#include "recording.h"
#include "symbols.h"

enum { TOP = 10, FRAMES = 16, LINE_COLUMNS = 80 };

struct report {
    const char *path;
    const char *output_path; /* NULL for stdout */
    const struct tare__format *format;
    struct tare__report_options options;
    struct tare__suppressions suppressions;
    size_t pid; /* 0 for the process the recording began with */
    bool has_top;
    bool help;
};

#define CHOICE(option)                                                                                                 \
    &(struct tare__choice)                                                                                             \
    {                                                                                                                  \
        "report", option, value                                                                                        \
    }

static int take_format(void *context, const char *value)
{
    return tare__choose_format(CHOICE("format"), &((struct report *)context)->format);
}

static int take_json(void *context, const char *value)
{
    (void)value;
    ((struct report *)context)->format = tare__format_named("json");
    return 0;
}

static int take_metric(void *context, const char *value)
{
    return tare__choose_metric(CHOICE("metric"), &((struct report *)context)->options.metric);
}

static int take_sort(void *context, const char *value)
{
    return tare__choose_metric(CHOICE("sort"), &((struct report *)context)->options.order);
}

static int take_top(void *context, const char *value)
{
    ((struct report *)context)->has_top = true;
    return tare__choose_count(CHOICE("top"), &((struct report *)context)->options.top);
}

static int take_frames(void *context, const char *value)
{
    return tare__choose_count(CHOICE("frames"), &((struct report *)context)->options.frames);
}

static int take_tree(void *context, const char *value)
{
    (void)value;
    ((struct report *)context)->options.tree = true;
    return 0;
}

static int take_prune(void *context, const char *value)
{
    return tare__choose_percent(CHOICE("prune"), &((struct report *)context)->options.prune);
}

static int take_flame(void *context, const char *value)
{
    (void)value;
    ((struct report *)context)->options.upward = true;
    return 0;
}

static int take_pid(void *context, const char *value)
{
    return tare__choose_count(CHOICE("pid"), &((struct report *)context)->pid);
}

static int take_suppressions(void *context, const char *value)
{
    return tare__choose_suppressions(CHOICE("suppressions"), &((struct report *)context)->suppressions);
}

static int take_output(void *context, const char *value)
{
    ((struct report *)context)->output_path = value;
    return 0;
}

static int take_help(void *context, const char *value)
{
    (void)value;
    ((struct report *)context)->help = true;
    return 0;
}

static const struct tare__option options[] = {
    {'f', "format", "FORMAT", "in this format instead of as text", take_format},
    {0, "json", NULL, "the same as --format json", take_json},
    {'m', "metric", "METRIC", "list only the sites that count in this metric", take_metric},
    {'s', "sort", "METRIC", "order them by this one", take_sort},
    {0, "top", "N", "so many sites of each list, or 'all' (10, in JSON all)", take_top},
    {0, "frames", "N", "so many frames of each call stack, or 'all' (16; JSON has all)", take_frames},
    {'t', "tree", NULL, "the calls as a tree, from the outermost function in", take_tree},
    {0, "prune", "PERCENT", "without parts of the tree that are smaller (0.5)", take_prune},
    {0, "flame", NULL, "a flame graph with the outermost function at the bottom, not at the top", take_flame},
    {0, "pid", "PID", "of this process, where the recording has several", take_pid},
    {0, "suppressions", "FILE", "leaks that do not count, as for LeakSanitizer; may be repeated", take_suppressions},
    {'o', "output", "FILE", "write to FILE instead of standard output", take_output},
    {'h', "help", NULL, "show this", take_help},
};

static const struct tare__option_table table = {"report", "[OPTIONS] RECORD", options, sizeof options / sizeof *options,
                                                true};

static int help(void)
{
    tare__options_help(&table);
    printf("\nFormats:\n");
    for (size_t i = 0; i < tare__format_count; i++)
        printf("  %-13s  %s\n", tare__formats[i].name, tare__formats[i].meaning);
    tare__print_metrics();
    printf("\nA RECORD is what 'tare run' kept: a file, or a directory of them.\n");
    return fflush(stdout) == 0 ? TARE__EXIT_FINE : tare__complain(TARE__EXIT_UNABLE, "can't write to standard output");
}

/* The last image of that pid. */
static int choose_process(const struct report *report, struct tare__snapshot *snapshot)
{
    bool found = report->pid == 0;
    for (size_t i = 0; report->pid != 0 && i < snapshot->process_count; i++)
        if (snapshot->processes[i].pid >= 0 && (size_t)snapshot->processes[i].pid == report->pid) {
            snapshot->main = i;
            found = true;
        }
    if (found)
        return 0;
    tare__complain(0, "report: there is no process %zu in %s; there are:", report->pid, report->path);
    for (size_t i = 0; i < snapshot->process_count; i++) {
        char line[TARE__COMMAND_LINE_BYTES];
        fprintf(stderr, "  %8d  %s\n", snapshot->processes[i].pid,
                tare__command_line(line, &snapshot->processes[i], LINE_COLUMNS));
    }
    return TARE__EXIT_USAGE;
}

static int read_record(const struct report *report, struct tare__snapshot *snapshot)
{
    char reason[256];
    int status;
    if (tare__recording_read_path(report->path, snapshot, reason, sizeof reason) != 0)
        return tare__complain(TARE__EXIT_UNABLE, "report: can't read %s: %s", report->path, reason);
    if ((status = choose_process(report, snapshot)) != 0)
        return status;
    return tare__explain_snapshot("report", snapshot, &report->suppressions, report->format->all_processes);
}

static int write_report(const void *context, FILE *out)
{
    const struct report *report = ((const void *const *)context)[0];
    const struct tare__snapshot *snapshot = ((const void *const *)context)[1];
    return tare__report_write(report->format, snapshot, &report->options, out);
}

static int run(const struct report *report)
{
    struct tare__snapshot snapshot = {0};
    struct tare__delivery delivery;
    int status = tare__delivery_open(&delivery, "report", report->output_path);
    if (status != 0)
        return status;
    status = read_record(report, &snapshot);
    const void *const context[] = {report, &snapshot};
    status = tare__delivery_close(&delivery, status, write_report, context);
    tare__snapshot_free(&snapshot);
    return status;
}

static int parse(struct report *report, int count, char **arguments)
{
    int rest, status = tare__options_parse(&table, count, arguments, report, &rest);
    if (status != 0 || report->help)
        return status;
    if (rest == count)
        return tare__complain(TARE__EXIT_USAGE, "report: which record?\nusage: tare report %s", table.usage);
    if (rest + 1 < count)
        return tare__complain(TARE__EXIT_USAGE, "report: one record at a time: '%s'", arguments[rest + 1]);
    report->path = arguments[rest];
    if (!report->has_top && report->format == tare__format_named("text"))
        report->options.top = TOP;
    return tare__default_suppressions("report", &report->suppressions);
}

int tare__command_report(int count, char **arguments)
{
    struct report report = {.format = tare__format_named("text"), .options = {.frames = FRAMES, .prune = 0.5}};
    int status = parse(&report, count, arguments);
    if (status == 0)
        status = report.help ? help() : run(&report);
    tare__suppressions_free(&report.suppressions);
    return status;
}
