/* SPDX-License-Identifier: MIT */
/*
 * tare trace: has the kernel make an event at a probe, perf record each time that
 * it fires, with its call stack, and makes a folded file and a flame graph of that.
 * The event is removed in every case: signals that could end us meanwhile are
 * ignored, or go to the program.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "delivery.h"
#include "library.h"
#include "options.h"
#include "probe_note.h"
#include "profile_input.h"
#include "program.h"
#include "trace_perf.h"
#include "workspace.h"

struct trace {
    const char *probe, *base, *keep, *stack_bytes;
    bool scopes;
    bool help;
    char **arguments;

    char program[PATH_MAX], library[PATH_MAX];
    const char *file; /* of the two, the one that has the probe */
    char own_base[NAME_MAX + 1];
    struct tare__workspace workspace;
    char data[PATH_MAX + 16], script[PATH_MAX + 16];
    struct tare__uprobe uprobe;
};

#define OTHERWISE "'tare run --flamegraph FILE' needs neither root nor perf, and loses nothing"

/* ---- Options -------------------------------------------------------------------- */

static int take_probe(void *context, const char *value)
{
    ((struct trace *)context)->probe = value;
    const char *colon = strchr(value, ':');
    return colon != NULL && colon != value && colon[1] != '\0'
               ? 0
               : tare__complain(TARE__EXIT_USAGE, "trace: --probe: PROVIDER:NAME is expected, as tare:alloc, not '%s'",
                                value);
}

static int take_output(void *context, const char *value)
{
    ((struct trace *)context)->base = value;
    return 0;
}

static int take_keep(void *context, const char *value)
{
    ((struct trace *)context)->keep = value;
    return 0;
}

static int take_stack(void *context, const char *value)
{
    char *end;
    unsigned long bytes = strtoul(value, &end, 10);
    ((struct trace *)context)->stack_bytes = value;
    return *end == '\0' && bytes >= 8 && bytes <= 65528 && bytes % 8 == 0
               ? 0
               : tare__complain(TARE__EXIT_USAGE, "trace: --stack: a multiple of 8 up to 65528 is expected, not '%s'",
                                value);
}

static int take_scopes(void *context, const char *value)
{
    (void)value;
    ((struct trace *)context)->scopes = true;
    return 0;
}

static int take_help(void *context, const char *value)
{
    (void)value;
    ((struct trace *)context)->help = true;
    return 0;
}

static const struct tare__option options[] = {
    {0, "probe", "PROBE", "listen to this one (tare:alloc)", take_probe},
    {'o', "output", "BASE", "write BASE.folded and BASE.svg (the program's name)", take_output},
    {0, "scopes", NULL, "only calls that the program's own scopes count", take_scopes},
    {0, "stack", "BYTES", "of each event's stack that call stacks are found in (8192)", take_stack},
    {0, "keep", "FILE", "keep what perf recorded there", take_keep},
    {'h', "help", NULL, "show this", take_help},
};

static const struct tare__option_table table = {"trace", "[OPTIONS] [--] PROGRAM [ARGUMENTS...]", options,
                                                sizeof options / sizeof *options, false};

static int parse(struct trace *trace, int count, char **arguments)
{
    int rest, status = tare__options_parse(&table, count, arguments, trace, &rest);
    if (status != 0 || trace->help)
        return status;
    if (rest == count || *arguments[rest] == '\0')
        return tare__complain(TARE__EXIT_USAGE, "trace: which program?\nusage: tare trace %s", table.usage);
    trace->arguments = arguments + rest;
    if (trace->base == NULL) {
        const char *slash = strrchr(arguments[rest], '/');
        snprintf(trace->own_base, sizeof trace->own_base, "%s", slash != NULL ? slash + 1 : arguments[rest]);
        trace->base = trace->own_base;
    }
    return 0;
}

/* ---- What is needed ---------------------------------------------------------------- */

static int unable(const char *what, const char *why)
{
    tare__complain(0, "trace: %s%s%s", what, why != NULL ? ": " : "", why != NULL ? why : "");
    fputs(OTHERWISE ".\n", stderr);
    return TARE__EXIT_UNABLE;
}

static int check(struct trace *trace)
{
    char reason[PATH_MAX + 256], perf[PATH_MAX];
    if (!tare__program_find(trace->arguments[0], trace->program, sizeof trace->program))
        return tare__complain(TARE__EXIT_UNABLE, "trace: %s: %s", trace->arguments[0],
                              errno == ENOENT ? "there is no such program" : strerror(errno));
    if (geteuid() != 0)
        return unable("listening to probes is for root", NULL);
    if (!tare__program_find("perf", perf, sizeof perf))
        return unable("there is no perf here", "on Debian it is in the package linux-perf");
    if (tare__uprobe_check(&trace->uprobe, reason, sizeof reason) != 0)
        return unable(reason, NULL);
    return 0;
}

/* The program, where it is linked with tare; else the library that is preloaded. */
static int find_file(struct trace *trace)
{
    struct tare__probe_note note;
    char real[PATH_MAX];
    if (realpath(trace->program, real) != NULL && tare__probe_note_find(real, trace->probe, &note) == 0) {
        strcpy(trace->program, real);
        trace->file = trace->program;
        return 0;
    }
    if (!tare__library_find(trace->library, sizeof trace->library) || !tare__library_can_preload(trace->library))
        return tare__complain(TARE__EXIT_UNABLE, "trace: the library can't be preloaded: %s", trace->library);
    trace->file = trace->library;
    if (tare__probe_note_find(trace->library, trace->probe, &note) == 0)
        return 0;
    return tare__complain(TARE__EXIT_USAGE, "trace: there is no probe '%s' in %s, nor in %s", trace->probe,
                          trace->program, trace->library);
}

/* ---- What comes of it --------------------------------------------------------------- */

static int write_profile(const void *context, FILE *out)
{
    const struct tare__format *format = ((const void *const *)context)[0];
    const struct tare__report_options usual = {.metric = NULL};
    return format->write_profile(((const void *const *)context)[1], &usual, out);
}

/* A file of each format, opened before the program runs. */
static const char *const formats[] = {"folded", "svg"};
enum { FORMATS = sizeof formats / sizeof *formats };

struct outputs {
    char paths[FORMATS][PATH_MAX];
    struct tare__delivery deliveries[FORMATS];
    int open; /* so many of them */
};

/* Delivers them where status is 0, and the first is delivered before the next. */
static int close_outputs(struct outputs *outputs, int status, const struct tare__profile *profile)
{
    for (int i = 0; i < FORMATS && i < outputs->open; i++) {
        const void *const context[] = {tare__format_named(formats[i]), profile};
        status = tare__delivery_close(&outputs->deliveries[i], status, write_profile, context);
    }
    outputs->open = 0;
    return status;
}

static int open_outputs(struct outputs *outputs, const char *base)
{
    for (int i = 0; i < FORMATS; i++) {
        const char *extension = tare__format_named(formats[i])->extension;
        int status = snprintf(outputs->paths[i], PATH_MAX, "%s%s", base, extension) < PATH_MAX
                         ? tare__delivery_open(&outputs->deliveries[i], "trace", outputs->paths[i])
                         : tare__complain(TARE__EXIT_UNABLE, "trace: the name is too long: %s", base);
        if (status != 0)
            return close_outputs(outputs, status, NULL);
        outputs->open = i + 1;
    }
    return 0;
}

static void summarize(const struct trace *trace, const struct tare__profile *profile, uint64_t lost)
{
    int64_t events = 0, bytes = 0;
    tare__profile_total(profile, 0, &events);
    fprintf(stderr, "tare: trace: %" PRId64 " events of %s", events, trace->probe);
    if (profile->type_count > 1 && tare__profile_total(profile, 1, &bytes))
        fprintf(stderr, ", %" PRId64 " bytes", bytes);
    fprintf(stderr, ": %s.folded, %s.svg\n", trace->base, trace->base);
    if (lost != 0)
        fprintf(stderr,
                "tare: trace: up to %" PRIu64 " events lost, which are missing there: perf could not keep up\n"
                "less of each stack is faster (--stack 1024); " OTHERWISE ".\n",
                lost);
}

static int explain(const struct trace *trace, const struct tare__trace_record *record, struct outputs *outputs)
{
    uint64_t lost;
    int error = tare__trace_script(record, trace->script, &lost);
    if (error != 0)
        return tare__complain(TARE__EXIT_UNABLE, "trace: perf script failed: %s", strerror(error));
    struct tare__profile_source source;
    int status = tare__profile_open("trace", trace->script, tare__profile_reader_named("perf"), &source);
    if (status == 0) {
        char title[PATH_MAX], missing[64] = "";
        if (lost != 0)
            snprintf(missing, sizeof missing, ", up to %" PRIu64 " EVENTS LOST", lost);
        snprintf(title, sizeof title, "%.2000s: %s%s", trace->arguments[0], trace->probe, missing);
        source.profile.title = title;
        status = close_outputs(outputs, 0, &source.profile);
        if (status == 0)
            summarize(trace, &source.profile, lost);
        source.profile.title = NULL;
    }
    tare__profile_close(&source);
    return status;
}

/* ---- The command ----------------------------------------------------------------------- */

/* From the event's making to its removal nothing ends us: signals wait until the
 * program runs, then they are the program's (launch.h). */
static int listen(struct trace *trace, struct tare__trace_record *record)
{
    static const int signals[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGPIPE};
    sigset_t blocked, before;
    char reason[PATH_MAX + 512];
    sigemptyset(&blocked);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaddset(&blocked, signals[i]);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    record->mask = &before;
    int error = tare__uprobe_add(&trace->uprobe, trace->file, trace->probe, reason, sizeof reason);
    int status = error == 0 ? 0 : unable(reason, NULL);
    if (status == 0) {
        error = tare__trace_record(record);
        if (error != 0)
            status = tare__complain(TARE__EXIT_UNABLE, "trace: perf can't be run: %s", strerror(error));
        error = tare__uprobe_remove(&trace->uprobe);
        if (error != 0)
            tare__complain(0, "trace: the kernel still has the event %s:%s: %s", trace->uprobe.group,
                           trace->uprobe.name, strerror(error));
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    return status;
}

static int run(struct trace *trace)
{
    snprintf(trace->data, sizeof trace->data, "%s/perf.data", trace->workspace.path);
    snprintf(trace->script, sizeof trace->script, "%s/script", trace->workspace.path);
    struct tare__trace_record record = {
        .data = trace->keep != NULL ? trace->keep : trace->data,
        .uprobe = &trace->uprobe,
        .stack_bytes = trace->stack_bytes,
        .arguments = trace->arguments,
        .library = trace->file == trace->library ? trace->library : NULL,
        .directory = trace->scopes ? NULL : trace->workspace.path,
    };
    struct outputs outputs = {.open = 0};
    int status = open_outputs(&outputs, trace->base);
    if (status != 0)
        return status;
    unlink(record.data);
    status = listen(trace, &record);
    if (status == 0 && access(record.data, F_OK) != 0)
        status = tare__complain(TARE__EXIT_UNABLE, "trace: perf recorded nothing (exit status %d)", record.exit_status);
    if (status == 0)
        status = explain(trace, &record, &outputs);
    if (status != 0)
        return close_outputs(&outputs, status, NULL);
    return record.signal != 0 ? TARE__EXIT_SIGNAL + record.signal : record.exit_status;
}

int tare__command_trace(int count, char **arguments)
{
    struct trace trace = {.probe = "tare:alloc", .stack_bytes = "8192"};
    int status = parse(&trace, count, arguments);
    if (status != 0)
        return status;
    if (trace.help) {
        tare__options_help(&table);
        return fflush(stdout) == 0 ? TARE__EXIT_FINE
                                   : tare__complain(TARE__EXIT_UNABLE, "can't write to standard output");
    }
    if ((status = check(&trace)) != 0 || (status = find_file(&trace)) != 0)
        return status;
    int error = tare__workspace_make(&trace.workspace);
    if (error != 0)
        return tare__complain(TARE__EXIT_UNABLE, "trace: can't make a directory in %s: %s", trace.workspace.path,
                              strerror(error));
    status = run(&trace);
    tare__workspace_remove(&trace.workspace);
    return status;
}
