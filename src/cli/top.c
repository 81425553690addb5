/* SPDX-License-Identifier: MIT */
/* tare top: what a running program allocates, again and again. The file stays open, so
 * that the last figures are there when `tare run` has removed it. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "choice.h"
#include "command.h"
#include "find_store.h"
#include "live.h"
#include "options.h"
#include "recording.h"
#include "symbols.h"
#include "terminal.h"

enum { ONCE_COLUMNS = 100 };

struct top {
    const char *target;
    int pid; /* 0 where a file was named */
    char path[PATH_MAX];
    int file; /* -1 for none */
    const struct tare__metric *metric;
    double interval_seconds;
    bool once;
    bool help;

    struct tare__suppressions none;
    tare_stats before;
    double shown_at; /* 0 before the first screen */
};

static int take_metric(void *context, const char *value)
{
    return tare__choose_metric(&(struct tare__choice){"top", "metric", value}, &((struct top *)context)->metric);
}

static int take_interval(void *context, const char *value)
{
    char *end;
    double seconds = strtod(value, &end);
    ((struct top *)context)->interval_seconds = seconds;
    if (end != value && *end == '\0' && seconds >= 0.05 && seconds <= 3600)
        return 0;
    return tare__complain(TARE__EXIT_USAGE, "top: --interval: seconds from 0.05 up to 3600 are expected, not '%s'",
                          value);
}

static int take_once(void *context, const char *value)
{
    (void)value;
    ((struct top *)context)->once = true;
    return 0;
}

static int take_help(void *context, const char *value)
{
    (void)value;
    ((struct top *)context)->help = true;
    return 0;
}

static const struct tare__option options[] = {
    {'m', "metric", "METRIC", "show the sites by this metric first (bytes)", take_metric},
    {'i', "interval", "SECONDS", "between one screen and the next (1)", take_interval},
    {0, "once", NULL, "print it once, for a file or a pipe", take_once},
    {'h', "help", NULL, "show this", take_help},
};

static const struct tare__option_table table = {"top", "[OPTIONS] PID|RECORD", options,
                                                sizeof options / sizeof *options, true};

static int help(void)
{
    tare__options_help(&table);
    tare__print_metrics();
    printf("\nKeys: q ends it; the first letter of a metric shows the sites by that, m by the\n"
           "next one; any other key shows the figures of now.\n");
    return fflush(stdout) == 0 ? TARE__EXIT_FINE : tare__complain(TARE__EXIT_UNABLE, "can't write to standard output");
}

/* ---- The record ------------------------------------------------------------ */

static int pid_of(const char *target)
{
    bool is_number = *target != '\0' && target[strspn(target, "0123456789")] == '\0';
    long pid = is_number ? strtol(target, NULL, 10) : 0;
    return pid > 0 && pid <= INT_MAX ? (int)pid : 0;
}

/* A directory is read by its name each time. */
static void keep_open(struct top *top)
{
    struct stat status;
    int file = open(top->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (top->file >= 0)
        close(top->file);
    top->file = file >= 0 && fstat(file, &status) == 0 && S_ISREG(status.st_mode) ? file : -1;
    if (file >= 0 && top->file < 0)
        close(file);
}

/* A number is a pid, unless there is a file of that name. */
static int find(struct top *top)
{
    char reason[128];
    top->pid = access(top->target, F_OK) != 0 ? pid_of(top->target) : 0;
    if (top->pid == 0)
        snprintf(top->path, sizeof top->path, "%s", top->target);
    else if (tare__find_store(top->pid, top->path, sizeof top->path, reason, sizeof reason) != 0)
        return tare__complain(TARE__EXIT_UNABLE, "top: process %d: %s", top->pid, reason);
    keep_open(top);
    return 0;
}

static int read_path(const struct top *top, struct tare__snapshot *snapshot, char *reason, size_t size)
{
    char open_file[64];
    if (access(top->path, F_OK) == 0 || top->file < 0)
        return tare__recording_read_path(top->path, snapshot, reason, size);
    snprintf(open_file, sizeof open_file, "/proc/self/fd/%d", top->file);
    return tare__recording_read_file(open_file, snapshot, reason, size);
}

/* The process may have executed another program, which records elsewhere. */
static bool found_next_image(struct top *top)
{
    char path[PATH_MAX], reason[128];
    if (top->pid == 0 || tare__find_store(top->pid, path, sizeof path, reason, sizeof reason) != 0 ||
        strcmp(path, top->path) == 0)
        return false;
    strcpy(top->path, path);
    keep_open(top);
    return true;
}

/* Returns 0, or the exit status; on a screen of our own nothing is said yet. */
static int read_record(struct top *top, struct tare__snapshot *snapshot, char *reason, size_t size)
{
    int error = read_path(top, snapshot, reason, size);
    bool ended = error == 0 && !snapshot->processes[snapshot->main].running;
    if ((error != 0 || ended) && found_next_image(top)) {
        tare__snapshot_free(snapshot);
        *snapshot = (struct tare__snapshot){0};
        error = read_path(top, snapshot, reason, size);
    }
    return error == 0 ? 0 : TARE__EXIT_UNABLE;
}

/* ---- The screen -------------------------------------------------------------- */

static double now_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int write_screen(struct top *top, const struct tare__snapshot *snapshot, struct tare__live *live, FILE *out)
{
    const struct tare__process *process = &snapshot->processes[snapshot->main];
    double now = now_seconds();
    live->process = process;
    live->metric = top->metric;
    live->state = process->running ? "running" : "ended";
    live->before = top->shown_at > 0 ? &top->before : NULL;
    live->seconds = now - top->shown_at;
    int error = tare__live_screen(live, out);
    top->before = process->stats;
    top->shown_at = now;
    return error;
}

static const char *describe_keys(char *text, size_t size)
{
    size_t length = (size_t)snprintf(text, size, "q quit  m next, or by first letter:");
    for (size_t i = 0; i < tare__metric_count && length < size; i++)
        length += (size_t)snprintf(text + length, size - length, " %s", tare__metrics[i].name);
    return text;
}

static char *make_screen(struct top *top, const struct tare__snapshot *snapshot)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    char keys[128];
    struct tare__live live = {.keys = describe_keys(keys, sizeof keys)};
    if (out == NULL)
        return NULL;
    tare__terminal_size(&live.columns, &live.lines);
    int error = write_screen(top, snapshot, &live, out);
    if (fclose(out) == 0 && error == 0)
        return text;
    free(text);
    return NULL;
}

/* Returns 0, or the exit status with the reason. */
static int show(struct top *top, char *reason, size_t size)
{
    struct tare__snapshot snapshot = {0};
    int status = read_record(top, &snapshot, reason, size);
    if (status == 0)
        status = tare__explain_quietly(&snapshot);
    char *text = status == 0 ? make_screen(top, &snapshot) : NULL;
    if (status == 0 && (text == NULL || !tare__terminal_show(text))) {
        snprintf(reason, size, "out of memory");
        status = TARE__EXIT_UNABLE;
    }
    free(text);
    tare__snapshot_free(&snapshot);
    return status;
}

static void switch_metric(struct top *top, int key)
{
    size_t at = (size_t)(top->metric - tare__metrics);
    if (key == 'm')
        top->metric = &tare__metrics[(at + 1) % tare__metric_count];
    for (size_t i = 0; i < tare__metric_count; i++)
        if (tare__metrics[i].name[0] == key)
            top->metric = &tare__metrics[i];
}

static int watch(struct top *top)
{
    char reason[256] = "";
    int error = tare__terminal_take(), status = 0, key = TARE__KEY_NONE;
    if (error != 0)
        return tare__complain(TARE__EXIT_UNABLE, "top: can't use the terminal: %s", strerror(error));
    while (status == 0 && key != 'q' && key != TARE__KEY_QUIT) {
        status = show(top, reason, sizeof reason);
        if (status == 0)
            key = tare__terminal_key((int)(top->interval_seconds * 1000));
        switch_metric(top, key);
    }
    tare__terminal_give_back();
    return status == 0 ? 0 : tare__complain(status, "top: can't read %s: %s", top->path, reason);
}

static int print_once(struct top *top)
{
    char reason[256] = "";
    struct tare__snapshot snapshot = {0};
    struct tare__live live = {.columns = ONCE_COLUMNS};
    int status = read_record(top, &snapshot, reason, sizeof reason);
    if (status != 0)
        tare__complain(0, "top: can't read %s: %s", top->path, reason);
    else if ((status = tare__explain_snapshot("top", &snapshot, &top->none, false)) == 0 &&
             (write_screen(top, &snapshot, &live, stdout) != 0 || fflush(stdout) != 0))
        status = tare__complain(TARE__EXIT_UNABLE, "top: can't write to standard output");
    tare__snapshot_free(&snapshot);
    return status;
}

static int run(struct top *top)
{
    if (!top->once && !isatty(STDOUT_FILENO))
        return tare__complain(TARE__EXIT_USAGE, "top: standard output is no terminal; --once prints once");
    int status = find(top);
    if (status == 0)
        status = top->once ? print_once(top) : watch(top);
    if (top->file >= 0)
        close(top->file);
    return status;
}

int tare__command_top(int count, char **arguments)
{
    struct top top = {.file = -1, .metric = &tare__metrics[0], .interval_seconds = 1};
    int rest, status = tare__options_parse(&table, count, arguments, &top, &rest);
    if (status != 0 || top.help)
        return status != 0 ? status : help();
    if (count - rest != 1)
        return tare__complain(TARE__EXIT_USAGE, "top: which process or record?\nusage: tare top %s", table.usage);
    top.target = arguments[rest];
    return run(&top);
}
