/* SPDX-License-Identifier: MIT */
/* tare diff: what changed from one recording to another, and whether it may. */
#include "diff.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "choice.h"
#include "command.h"
#include "delivery.h"
#include "growth.h"
#include "options.h"
#include "recording.h"
#include "symbols.h"

enum { TOP = 10, FRAMES = 8 };

struct diff {
    const char *paths[TARE__SIDES];
    const char *output_path; /* NULL for stdout */
    const struct tare__format *format;
    struct tare__report_options options;
    struct tare__suppressions suppressions;
    struct tare__growth *growths;
    size_t growth_count;
    bool has_top;
    bool help;
};

#define CHOICE(option)                                                                                                 \
    &(struct tare__choice)                                                                                             \
    {                                                                                                                  \
        "diff", option, value                                                                                          \
    }

static int take_format(void *context, const char *value)
{
    return tare__choose_diff_format(CHOICE("format"), &((struct diff *)context)->format);
}

static int take_json(void *context, const char *value)
{
    (void)value;
    ((struct diff *)context)->format = tare__format_named("json");
    return 0;
}

static int take_metric(void *context, const char *value)
{
    return tare__choose_metric(CHOICE("metric"), &((struct diff *)context)->options.metric);
}

static int take_top(void *context, const char *value)
{
    ((struct diff *)context)->has_top = true;
    return tare__choose_count(CHOICE("top"), &((struct diff *)context)->options.top);
}

static int take_frames(void *context, const char *value)
{
    return tare__choose_count(CHOICE("frames"), &((struct diff *)context)->options.frames);
}

static int take_suppressions(void *context, const char *value)
{
    return tare__choose_suppressions(CHOICE("suppressions"), &((struct diff *)context)->suppressions);
}

static int take_fail_if(void *context, const char *value)
{
    struct diff *diff = context;
    struct tare__expression_error error;
    size_t count = diff->growth_count;
    struct tare__growth *more = realloc(diff->growths, (count + 1) * sizeof *more);
    if (more == NULL)
        return tare__complain(TARE__EXIT_UNABLE, "out of memory");
    diff->growths = more;
    if (tare__growth_parse(value, &more[count], &error)) {
        diff->growth_count++;
        return 0;
    }
    tare__complain(0, "diff: --fail-if: this does not say how much is too much, as 'allocations>+2%%' does:");
    fprintf(stderr, "  %s\n  %*s^ expected here: %s\n", value, (int)error.column, "", error.expected);
    return TARE__EXIT_USAGE;
}

static int take_flame(void *context, const char *value)
{
    (void)value;
    ((struct diff *)context)->options.upward = true;
    return 0;
}

static int take_output(void *context, const char *value)
{
    ((struct diff *)context)->output_path = value;
    return 0;
}

static int take_help(void *context, const char *value)
{
    (void)value;
    ((struct diff *)context)->help = true;
    return 0;
}

static const struct tare__option options[] = {
    {'f', "format", "FORMAT", "in this format: text, json or svg, a flame graph", take_format},
    {0, "json", NULL, "the same as --format json", take_json},
    {'m', "metric", "METRIC", "only the sites that changed in this metric", take_metric},
    {0, "top", "N", "so many sites of each list, or 'all' (10, in JSON all)", take_top},
    {0, "frames", "N", "so many frames of each call stack, or 'all' (8; JSON has all)", take_frames},
    {0, "flame", NULL, "a flame graph with the outermost function at the bottom, not at the top", take_flame},
    {0, "fail-if", "GROWTH", "exit with status 1 then, as in 'allocations>+2%'; may be repeated", take_fail_if},
    {0, "suppressions", "FILE", "leaks that do not count, as for LeakSanitizer; may be repeated", take_suppressions},
    {'o', "output", "FILE", "write to FILE instead of standard output", take_output},
    {'h', "help", NULL, "show this", take_help},
};

static const struct tare__option_table table = {"diff", "[OPTIONS] BEFORE AFTER", options,
                                                sizeof options / sizeof *options, true};

static int help(void)
{
    tare__options_help(&table);
    tare__print_metrics();
    printf("\nGrowth is NAME>+NUMBER, in bytes also with KiB, MiB or GiB, or NAME>+PERCENT%%,\n"
           "where NAME is a statistic:\n");
    for (size_t i = 0; i < tare__statistic_count; i++)
        printf("  %-18s  %s\n", tare__statistics[i].name, tare__statistics[i].meaning);
    return fflush(stdout) == 0 ? TARE__EXIT_FINE : tare__complain(TARE__EXIT_UNABLE, "can't write to standard output");
}

static int read_record(const struct diff *diff, const char *path, struct tare__snapshot *snapshot)
{
    char reason[256];
    if (tare__recording_read_path(path, snapshot, reason, sizeof reason) != 0)
        return tare__complain(TARE__EXIT_UNABLE, "diff: can't read %s: %s", path, reason);
    return tare__explain_snapshot("diff", snapshot, &diff->suppressions, false);
}

static int write_report(const void *context, FILE *out)
{
    const struct tare__format *format = ((const void *const *)context)[0];
    return format->write_diff(((const void *const *)context)[1], out);
}

/* Where the report is no text for people, what failed is said apart. */
static int compare(const struct diff *diff, struct tare__delivery *delivery, const struct tare__snapshot *snapshots)
{
    const struct tare__process *before = &snapshots[TARE__BEFORE].processes[snapshots[TARE__BEFORE].main];
    const struct tare__process *after = &snapshots[TARE__AFTER].processes[snapshots[TARE__AFTER].main];
    struct tare__diff changes;
    struct tare__diff_report report = {
        .diff = &changes,
        .paths = {diff->paths[TARE__BEFORE], diff->paths[TARE__AFTER]},
        .options = diff->options,
        .growths = diff->growths,
        .growth_count = diff->growth_count,
    };
    bool is_text = diff->format == tare__format_named("text");
    int status = 0;
    if (tare__diff_build(&changes, before, after) != 0)
        status = tare__complain(TARE__EXIT_UNABLE, "diff: out of memory");
    bool fine = status != 0 || tare__growths_judge(diff->growths, diff->growth_count, &changes);
    const void *const context[] = {diff->format, &report};
    status = tare__delivery_close(delivery, status, write_report, context);
    if (status == 0 && !fine && (!is_text || diff->output_path != NULL))
        tare__diff_failures(&report, stderr);
    tare__diff_free(&changes);
    return status != 0 || fine ? status : TARE__EXIT_FAILED;
}

static int run(const struct diff *diff)
{
    struct tare__snapshot snapshots[TARE__SIDES] = {{0}, {0}};
    struct tare__delivery delivery;
    int status = tare__delivery_open(&delivery, "diff", diff->output_path);
    if (status != 0)
        return status;
    for (int side = 0; side < TARE__SIDES && status == 0; side++)
        status = read_record(diff, diff->paths[side], &snapshots[side]);
    status = status == 0 ? compare(diff, &delivery, snapshots) : tare__delivery_close(&delivery, status, NULL, NULL);
    for (int side = 0; side < TARE__SIDES; side++)
        tare__snapshot_free(&snapshots[side]);
    return status;
}

static int parse(struct diff *diff, int count, char **arguments)
{
    int rest, status = tare__options_parse(&table, count, arguments, diff, &rest);
    if (status != 0 || diff->help)
        return status;
    if (count - rest != TARE__SIDES)
        return tare__complain(TARE__EXIT_USAGE, "diff: which two records? (%d given)\nusage: tare diff %s",
                              count - rest, table.usage);
    memcpy(diff->paths, arguments + rest, sizeof diff->paths);
    if (!diff->has_top && diff->format == tare__format_named("text"))
        diff->options.top = TOP;
    return tare__default_suppressions("diff", &diff->suppressions);
}

int tare__command_diff(int count, char **arguments)
{
    struct diff diff = {.format = tare__format_named("text"), .options = {.frames = FRAMES}};
    int status = parse(&diff, count, arguments);
    if (status == 0)
        status = diff.help ? help() : run(&diff);
    tare__suppressions_free(&diff.suppressions);
    free(diff.growths);
    return status;
}
