/* SPDX-License-Identifier: MIT */
/*
 * tare run: everything that can be refused is refused before the program runs;
 * then it runs undisturbed; then its record is read, kept and reported.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "delivery.h"
#include "launch.h"
#include "library.h"
#include "output.h"
#include "program.h"
#include "recording.h"
#include "run_options.h"
#include "save.h"
#include "symbols.h"
#include "workspace.h"

struct run {
    struct tare__run_options options;
    char program[PATH_MAX];
    char library[PATH_MAX];
    char record[PATH_MAX]; /* where it was saved */
    struct tare__workspace workspace;
    struct tare__output output;
    struct tare__delivery flamegraph; /* command is NULL unless it is open */
};

/* ---- Before ------------------------------------------------------------- */

static int find_program(struct run *run)
{
    if (tare__program_find(run->options.arguments[0], run->program, sizeof run->program))
        return 0;
    const char *why = errno == ENOENT ? "there is no such program" : strerror(errno);
    return tare__complain(TARE__EXIT_UNABLE, "run: %s: %s", run->options.arguments[0], why);
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
    if (run->options.output_path == NULL)
        return 0;
    int error = tare__output_open(&run->output, run->options.output_path);
    return error == 0 ? 0
                      : tare__complain(TARE__EXIT_UNABLE, "run: can't write %s: %s", run->options.output_path,
                                       strerror(error));
}

static int open_flamegraph(struct run *run)
{
    const char *path = run->options.flamegraph_path;
    int status = path != NULL ? tare__delivery_open(&run->flamegraph, "run", path) : 0;
    if (status != 0)
        run->flamegraph.command = NULL;
    return status;
}

static int check_save(const struct run *run)
{
    char reason[128];
    const char *path = run->options.save_path;
    if (run->options.no_save || path == NULL || tare__recording_may_save(path, reason, sizeof reason) == 0)
        return 0;
    return tare__complain(TARE__EXIT_UNABLE, "run: can't save the record in %s: %s", path, reason);
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
    tare__complain(0, "run: tare never attached to %s, so nothing was measured (%s)", run->options.arguments[0], end);
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
    int error = tare__report_write(run->options.format, snapshot, &run->options.report, memory);
    if ((fclose(memory) != 0 || bytes == NULL) && error == 0)
        error = ENOMEM;
    if (error == 0 && (fwrite(bytes, 1, length, out) != length || fflush(out) != 0))
        error = errno;
    free(bytes);
    return error;
}

static int report(struct run *run, const struct tare__snapshot *snapshot)
{
    if (run->options.output_path == NULL) {
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
        return tare__complain(TARE__EXIT_UNABLE, "run: can't write %s: %s", run->options.output_path, strerror(error));
    tare__report_failures(snapshot, stderr);
    return 0;
}

static int write_flamegraph(const void *snapshot, FILE *out)
{
    return tare__report_write(tare__format_named("svg"), snapshot, &(struct tare__report_options){0}, out);
}

/* Without a snapshot the file stays as it was. */
static int draw(struct run *run, const struct tare__snapshot *snapshot)
{
    if (run->flamegraph.command == NULL)
        return 0;
    int status = tare__delivery_close(&run->flamegraph, snapshot == NULL, write_flamegraph, snapshot);
    run->flamegraph.command = NULL;
    return snapshot != NULL ? status : 0;
}

/* PROGRAM.PID.tare */
static bool default_record(char path[PATH_MAX], const char *directory, const struct run *run, int pid)
{
    const char *slash = strrchr(run->options.arguments[0], '/');
    const char *name = slash != NULL && slash[1] != '\0' ? slash + 1 : run->options.arguments[0];
    return snprintf(path, PATH_MAX, "%s%s%.200s.%d.tare", directory, *directory != '\0' ? "/" : "", name, pid) <
           PATH_MAX;
}

/* Here, or where this is no place to write, where temporary files go. */
static int save_by_default(struct run *run, const struct tare__snapshot *snapshot, char *reason, size_t size)
{
    int pid = snapshot->processes[snapshot->main].pid, error = ENAMETOOLONG;
    char elsewhere[PATH_MAX], parent[PATH_MAX];
    snprintf(parent, sizeof parent, "%s", run->workspace.path);
    *strrchr(parent, '/') = '\0';
    if (default_record(run->record, "", run, pid))
        error = tare__recording_save(run->workspace.path, snapshot, run->record, reason, size);
    if (error == 0 || !default_record(elsewhere, parent, run, pid))
        return error;
    tare__complain(0, "run: can't save the record in %s: %s; it goes to %s", run->record, reason, parent);
    strcpy(run->record, elsewhere);
    return tare__recording_save(run->workspace.path, snapshot, run->record, reason, size);
}

/* What the program did was measured all the same: only the record is missing. Who named
 * a file relies on it. */
static int save(struct run *run, struct tare__snapshot *snapshot)
{
    char reason[128] = "the name is too long";
    if (run->options.no_save)
        return 0;
    int error;
    if (run->options.save_path != NULL) {
        snprintf(run->record, sizeof run->record, "%s", run->options.save_path);
        error = tare__recording_save(run->workspace.path, snapshot, run->record, reason, sizeof reason);
    } else {
        error = save_by_default(run, snapshot, reason, sizeof reason);
    }
    if (error != 0)
        tare__complain(0, "run: can't save the record in %s: %s", run->record, reason);
    else
        snapshot->record = run->record;
    return error == 0 || run->options.save_path == NULL ? 0 : TARE__EXIT_UNABLE;
}

static int judge_and_report(struct run *run, struct tare__snapshot *snapshot, const struct tare__launch *launch)
{
    snapshot->end_known = true;
    snapshot->exit_status = launch->exit_status;
    snapshot->signal = launch->signal;
    snapshot->expectations = run->options.expectations;
    snapshot->expectation_count = run->options.expectation_count;
    int saved = save(run, snapshot);
    int status =
        tare__explain_snapshot("run", snapshot, &run->options.suppressions, run->options.format->all_processes);
    if (status != 0)
        return status;
    bool fine = tare__expectations_judge(run->options.expectations, run->options.expectation_count,
                                         &snapshot->processes[snapshot->main].stats);
    int drawn = draw(run, snapshot);
    status = report(run, snapshot);
    if (status != 0 || drawn != 0 || saved != 0)
        return TARE__EXIT_UNABLE;
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
        .arguments = run->options.arguments,
        .library = run->library,
        .directory = run->workspace.path,
        .follow = run->options.follow,
        .depth = run->options.depth,
        .unwind = run->options.unwind,
        .sites = !run->options.no_sites,
    };
    int error = tare__launch(&launch);
    if (error != 0)
        return tare__complain(TARE__EXIT_UNABLE, "run: can't run %s: %s", run->options.arguments[0], strerror(error));
    return explain(run, &launch);
}

static int run_program(struct run *run)
{
    int status = 0;
    if ((status = find_program(run)) != 0 || (status = find_library(run)) != 0 || (status = check_save(run)) != 0 ||
        (status = make_workspace(run)) != 0)
        return status;
    if ((status = open_output(run)) == 0 && (status = open_flamegraph(run)) == 0)
        status = launch_and_explain(run);
    draw(run, NULL);
    if (run->output.file != NULL)
        tare__output_discard(&run->output);
    tare__workspace_remove(&run->workspace);
    return status;
}

int tare__command_run(int count, char **arguments)
{
    struct run run = {.output = {.file = NULL}};
    int status = tare__run_options_parse(&run.options, count, arguments);
    if (status == 0)
        status = run.options.arguments != NULL ? run_program(&run) : tare__run_help();
    tare__run_options_free(&run.options);
    return status;
}
