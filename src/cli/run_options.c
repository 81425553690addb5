/* SPDX-License-Identifier: MIT */
#include "run_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "choice.h"
#include "command.h"
#include "expression.h"
#include "options.h"

enum { TOP = 5, TOP_JSON = 100, FRAMES = 8 };

static bool help_asked;

static int take_output(void *context, const char *value)
{
    ((struct tare__run_options *)context)->output_path = value;
    return 0;
}

static int take_json(void *context, const char *value)
{
    (void)value;
    ((struct tare__run_options *)context)->format = tare__format_named("json");
    return 0;
}

static int take_flamegraph(void *context, const char *value)
{
    ((struct tare__run_options *)context)->flamegraph_path = value;
    return 0;
}

static int take_save(void *context, const char *value)
{
    struct tare__run_options *options = context;
    options->save_path = value;
    options->no_save = false;
    return 0;
}

static int take_no_save(void *context, const char *value)
{
    (void)value;
    ((struct tare__run_options *)context)->no_save = true;
    return 0;
}

static int take_top(void *context, const char *value)
{
    struct tare__run_options *options = context;
    options->has_top = true;
    return tare__choose_count(&(struct tare__choice){"run", "top", value}, &options->report.top);
}

static int take_suppressions(void *context, const char *value)
{
    struct tare__run_options *options = context;
    return tare__choose_suppressions(&(struct tare__choice){"run", "suppressions", value}, &options->suppressions);
}

static int take_depth(void *context, const char *value)
{
    size_t depth;
    ((struct tare__run_options *)context)->depth = value;
    return tare__choose_count(&(struct tare__choice){"run", "depth", value}, &depth);
}

static int take_unwind(void *context, const char *value)
{
    static const char *const ways[] = {"tables", "frame-pointers", "slow"};
    ((struct tare__run_options *)context)->unwind = value;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        if (strcmp(value, ways[i]) == 0)
            return 0;
    return tare__complain(TARE__EXIT_USAGE, "run: --unwind: tables, frame-pointers or slow is expected, not '%s'",
                          value);
}

static int take_no_sites(void *context, const char *value)
{
    (void)value;
    ((struct tare__run_options *)context)->no_sites = true;
    return 0;
}

static int take_no_follow(void *context, const char *value)
{
    (void)value;
    ((struct tare__run_options *)context)->follow = false;
    return 0;
}

static int take_help(void *context, const char *value)
{
    (void)context;
    (void)value;
    help_asked = true;
    return 0;
}

static int take_expectation(void *context, const char *value)
{
    struct tare__run_options *run = context;
    struct tare__expression_error error;
    size_t count = run->expectation_count;
    struct tare__expectation *more = realloc(run->expectations, (count + 1) * sizeof *more);
    if (more == NULL)
        return tare__complain(TARE__EXIT_UNABLE, "out of memory");
    run->expectations = more;
    if (tare__expression_parse(value, &more[count], &error)) {
        run->expectation_count++;
        return 0;
    }
    tare__complain(0, "run: --expect: this is no expectation:");
    fprintf(stderr, "  %s\n  %*s^ expected here: %s\n", value, (int)error.column, "", error.expected);
    return TARE__EXIT_USAGE;
}

static const struct tare__option table_options[] = {
    {'o', "output", "FILE", "write the summary to FILE instead of standard error", take_output},
    {0, "json", NULL, "write it as one JSON object", take_json},
    {0, "flamegraph", "FILE", "also draw the bytes allocated as a flame graph, an SVG file", take_flamegraph},
    {0, "top", "N", "list so many sites by each metric, or 'all' (5, in JSON 100)", take_top},
    {0, "expect", "EXPRESSION", "fail unless this holds, as in 'allocations<=1000'; may be repeated", take_expectation},
    {0, "suppressions", "FILE", "leaks that do not count, as for LeakSanitizer; may be repeated", take_suppressions},
    {0, "save", "FILE", "keep the record there instead of in PROGRAM.PID.tare", take_save},
    {0, "no-save", NULL, "do not keep the record", take_no_save},
    {0, "no-sites", NULL, "count only: no call stacks", take_no_sites},
    {0, "depth", "N", "record so many frames of each call stack, or 'all'", take_depth},
    {0, "unwind", "WAY", "how to find them: tables, frame-pointers or slow", take_unwind},
    {0, "no-follow", NULL, "leave the program's children alone", take_no_follow},
    {'h', "help", NULL, "show this", take_help},
};

static const struct tare__option_table table = {"run", "[OPTIONS] [--] PROGRAM [ARGUMENTS...]", table_options,
                                                sizeof table_options / sizeof *table_options, false};

int tare__run_help(void)
{
    tare__options_help(&table);
    printf("\nStatistics, for --expect NAME RELATION NUMBER:\n");
    for (size_t i = 0; i < tare__statistic_count; i++)
        printf("  %-18s  %s\n", tare__statistics[i].name, tare__statistics[i].meaning);
    printf("\nRelations are <= >= == = != < >. A number may end in k, M or G, or for bytes in\n"
           "KiB, MiB or GiB.\n"
           "\nExit status: the program's own (128 + N when signal N killed it), 1 when an\n"
           "expectation failed, 2 for wrong usage, 3 when tare could not do its work.\n");
    return fflush(stdout) == 0 ? TARE__EXIT_FINE : tare__complain(TARE__EXIT_UNABLE, "can't write to standard output");
}

static int check(struct tare__run_options *options)
{
    if (options->no_sites && options->suppressions.count > 0)
        return tare__complain(TARE__EXIT_USAGE, "run: --suppressions needs the call stacks that --no-sites turns off");
    if (options->no_sites && options->flamegraph_path != NULL)
        return tare__complain(TARE__EXIT_USAGE, "run: --flamegraph needs the call stacks that --no-sites turns off");
    return options->no_sites ? 0 : tare__default_suppressions("run", &options->suppressions);
}

int tare__run_options_parse(struct tare__run_options *options, int count, char **arguments)
{
    *options = (struct tare__run_options){
        .format = tare__format_named("text"),
        .report = {.frames = FRAMES},
        .follow = true,
    };
    help_asked = false;
    int rest, status = tare__options_parse(&table, count, arguments, options, &rest);
    if (status != 0 || help_asked)
        return status;
    if (!options->has_top)
        options->report.top = options->format == tare__format_named("text") ? TOP : TOP_JSON;
    if (rest == count || *arguments[rest] == '\0')
        return tare__complain(TARE__EXIT_USAGE, "run: which program?\nusage: tare run %s", table.usage);
    options->arguments = arguments + rest;
    return check(options);
}

void tare__run_options_free(struct tare__run_options *options)
{
    free(options->expectations);
    tare__suppressions_free(&options->suppressions);
}
