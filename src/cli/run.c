/* SPDX-License-Identifier: MIT */
/*
 * tare run: everything that can be refused is refused before the program runs;
 * then it runs undisturbed; then its record is read, reported and removed.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "expression.h"
#include "launch.h"
#include "library.h"
#include "options.h"
#include "output.h"
#include "program.h"
#include "recording.h"
#include "report.h"
#include "workspace.h"

struct run {
    const char *output_path; /* NULL for stderr */
    const struct tare__format *format;
    struct tare__report_options report;
    struct tare__expectation *expectations;
    size_t expectation_count;
    bool follow;
    bool help;

    char **arguments; /* the program and its own */
    char program[PATH_MAX];
    char library[PATH_MAX];
    struct tare__workspace workspace;
    struct tare__output output;
};

/* ---- Options ------------------------------------------------------------ */

static int take_output(void *context, const char *value)
{
    ((struct run *)context)->output_path = value;
    return 0;
}

static int take_json(void *context, const char *value)
{
    (void)value;
    ((struct run *)context)->format = tare__format_named("json");
    return 0;
}

static int take_no_follow(void *context, const char *value)
{
    (void)value;
    ((struct run *)context)->follow = false;
    return 0;
}

static int take_help(void *context, const char *value)
{
    (void)value;
    ((struct run *)context)->help = true;
    return 0;
}

static int take_expectation(void *context, const char *value)
{
    struct run *run = context;
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

static const struct tare__option options[] = {
    {'o', "output", "FILE", "write the summary to FILE instead of standard error", take_output},
    {0, "json", NULL, "write it as one JSON object", take_json},
    {0, "expect", "EXPRESSION", "fail unless this holds, as in 'allocations<=1000'; may be repeated", take_expectation},
    {0, "no-follow", NULL, "leave the program's children alone", take_no_follow},
    {'h', "help", NULL, "show this", take_help},
};

static const struct tare__option_table table = {"run", "[OPTIONS] [--] PROGRAM [ARGUMENTS...]", options,
                                                sizeof options / sizeof *options};

static int help(void)
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

/* ---- Before ------------------------------------------------------------- */

static int find_program(struct run *run)
{
    if (tare__program_find(run->arguments[0], run->program, sizeof run->program))
        return 0;
    const char *why = errno == ENOENT ? "there is no such program" : strerror(errno);
    return tare__complain(TARE__EXIT_UNABLE, "run: %s: %s", run->arguments[0], why);
}

static int find_library(struct run *run)
{
    if (!tare__library_find(run->library, sizeof run->library))
        return tare__complain(TARE__EXIT_UNABLE, "run: the library to preload is missing: %s", run->library);
    if (!tare__library_can_preload(run->library))
        return tare__complain(
            TARE__EXIT_UNABLE,
            "run: LD_PRELOAD can't express a path with a blank or a colon: %s; install tare elsewhere", run->library);
    return 0;
}

static int make_workspace(struct run *run)
{
    int error = tare__workspace_make(&run->workspace);
    if (error != 0)
        return tare__complain(TARE__EXIT_UNABLE, "run: can't make a directory to record into in %s: %s",
                              run->workspace.path, strerror(error));
    error = tare__recording_probe(run->workspace.path);
    if (error == 0)
        return 0;
    tare__workspace_remove(&run->workspace);
    return tare__complain(TARE__EXIT_UNABLE, "run: can't record into %s: %s; TMPDIR may name another place",
                          run->workspace.path, strerror(error));
}

static int open_output(struct run *run)
{
    if (run->output_path == NULL)
        return 0;
    int error = tare__output_open(&run->output, run->output_path);
    return error == 0 ? 0
                      : tare__complain(TARE__EXIT_UNABLE, "run: can't write %s: %s", run->output_path, strerror(error));
}

/* ---- After -------------------------------------------------------------- */

static void describe_end(const struct tare__launch *launch, char *text, size_t size)
{
    if (launch->signal == 0)
        snprintf(text, size, "it ended with exit status %d", launch->exit_status);
    else
        snprintf(text, size, "signal %d killed it", launch->signal);
}

static int never_attached(const struct run *run, const struct tare__launch *launch)
{
    char end[64], reason[PATH_MAX + 128];
    describe_end(launch, end, sizeof end);
    tare__complain(0, "run: tare never attached to %s, so nothing was measured (%s)", run->arguments[0], end);
    int error = tare__recording_probe(run->workspace.path);
    if (error != 0)
        snprintf(reason, sizeof reason, "no room to record into %s: %s", run->workspace.path, strerror(error));
    else
        tare__program_explain(run->program, reason, sizeof reason);
    fprintf(stderr, "  %s\n", reason);
    return TARE__EXIT_UNABLE;
}

/* As one block: the report may share the stream with others. */
static int write_report(const struct run *run, const struct tare__snapshot *snapshot, FILE *out)
{
    char *bytes = NULL;
    size_t length = 0;
    FILE *memory = open_memstream(&bytes, &length);
    if (memory == NULL)
        return errno;
    int error = run->format->write(snapshot, &run->report, memory);
    if (fclose(memory) != 0 && error == 0)
        error = ENOMEM;
    if (error == 0 && (fwrite(bytes, 1, length, out) != length || fflush(out) != 0))
        error = errno;
    free(bytes);
    return error;
}

static int report(struct run *run, const struct tare__snapshot *snapshot)
{
    if (run->output_path == NULL) {
        int failed = write_report(run, snapshot, stderr);
        return failed == 0 ? 0 : tare__complain(TARE__EXIT_UNABLE, "run: no report: %s", strerror(failed));
    }
    int error = write_report(run, snapshot, run->output.file);
    if (error != 0)
        tare__output_discard(&run->output);
    else
        error = tare__output_commit(&run->output);
    run->output.file = NULL;
    if (error != 0)
        return tare__complain(TARE__EXIT_UNABLE, "run: can't write %s: %s", run->output_path, strerror(error));
    tare__report_failures(snapshot, stderr);
    return 0;
}

static int judge_and_report(struct run *run, struct tare__snapshot *snapshot, const struct tare__launch *launch)
{
    snapshot->end_known = true;
    snapshot->exit_status = launch->exit_status;
    snapshot->signal = launch->signal;
    snapshot->expectations = run->expectations;
    snapshot->expectation_count = run->expectation_count;
    bool fine =
        tare__expectations_judge(run->expectations, run->expectation_count, &snapshot->processes[snapshot->main].stats);
    int status = report(run, snapshot);
    if (status != 0)
        return status;
    if (!fine)
        return TARE__EXIT_FAILED;
    return launch->signal != 0 ? TARE__EXIT_SIGNAL + launch->signal : launch->exit_status;
}

static int explain(struct run *run, const struct tare__launch *launch)
{
    struct tare__snapshot snapshot = {0};
    int status, error = tare__recording_read(run->workspace.path, launch->pid, &snapshot);
    if (error == 0)
        status = judge_and_report(run, &snapshot, launch);
    else if (error == ENOENT)
        status = never_attached(run, launch);
    else
        status = tare__complain(TARE__EXIT_UNABLE, "run: can't read the record: %s", strerror(error));
    tare__snapshot_free(&snapshot);
    return status;
}

/* ---- The command -------------------------------------------------------- */

static int launch_and_explain(struct run *run)
{
    struct tare__launch launch = {
        .arguments = run->arguments,
        .library = run->library,
        .directory = run->workspace.path,
        .follow = run->follow,
    };
    int error = tare__launch(&launch);
    if (error != 0)
        return tare__complain(TARE__EXIT_UNABLE, "run: can't run %s: %s", run->arguments[0], strerror(error));
    return explain(run, &launch);
}

static int run_program(struct run *run)
{
    int status = 0;
    if ((status = find_program(run)) != 0 || (status = find_library(run)) != 0 || (status = make_workspace(run)) != 0)
        return status;
    if ((status = open_output(run)) == 0) {
        status = launch_and_explain(run);
        if (run->output.file != NULL)
            tare__output_discard(&run->output);
    }
    tare__workspace_remove(&run->workspace);
    return status;
}

static int parse_and_run(struct run *run, int count, char **arguments)
{
    int rest, status = tare__options_parse(&table, count, arguments, run, &rest);
    if (status != 0)
        return status;
    if (run->help)
        return help();
    if (rest == count || *arguments[rest] == '\0')
        return tare__complain(TARE__EXIT_USAGE, "run: which program?\nusage: tare run %s", table.usage);
    run->arguments = arguments + rest;
    return run_program(run);
}

int tare__command_run(int count, char **arguments)
{
    struct run run = {.format = tare__format_named("text"), .follow = true};
    int status = parse_and_run(&run, count, arguments);
    free(run.expectations);
    return status;
}
