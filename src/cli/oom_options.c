/* SPDX-License-Identifier: MIT */
#include "oom_options.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "choice.h"
#include "command.h"
#include "faults.h"
#include "options.h"

static bool help_asked;

#define USAGE(...) tare__complain(TARE__EXIT_USAGE, "oom: " __VA_ARGS__)

/* From 1 up to a most. */
static bool number_in(const char *text, size_t most, size_t *number)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    *number = (size_t)value;
    return *text >= '0' && *text <= '9' && *end == '\0' && errno == 0 && value >= 1 && value <= most;
}

static int take_number(const char *option, const char *value, size_t most, size_t *number)
{
    return number_in(value, most, number) ? 0 : USAGE("--%s: a number from 1 on is expected, not '%s'", option, value);
}

static int take_jobs(void *context, const char *value)
{
    enum { JOBS_MAX = 1024 };
    return take_number("jobs", value, JOBS_MAX, &((struct tare__oom_options *)context)->jobs);
}

static int take_limit(void *context, const char *value)
{
    return take_number("limit", value, SIZE_MAX / 2, &((struct tare__oom_options *)context)->limit);
}

static int take_points(void *context, const char *value)
{
    struct tare__oom_options *options = context;
    options->by_ordinal = strcmp(value, "allocations") == 0;
    if (options->by_ordinal || strcmp(value, "stacks") == 0)
        return 0;
    return USAGE("--points: stacks or allocations is expected, not '%s'", value);
}

static int take_mode(void *context, const char *value)
{
    static const struct {
        const char *name;
        unsigned modes;
    } modes[] = {{"once", 1u << TARE__FAULT_ONCE},
                 {"forever", 1u << TARE__FAULT_FOREVER},
                 {"both", 1u << TARE__FAULT_ONCE | 1u << TARE__FAULT_FOREVER}};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        if (strcmp(modes[i].name, value) == 0) {
            ((struct tare__oom_options *)context)->modes = modes[i].modes;
            return 0;
        }
    return USAGE("--mode: once, forever or both is expected, not '%s'", value);
}

static int take_timeout(void *context, const char *value)
{
    const double most_s = 1e6;
    char *end;
    double seconds = strtod(value, &end);
    if (end == value || *end != '\0' || !(seconds >= 0.001) || seconds > most_s)
        return USAGE("--timeout: seconds are expected, as in 10 or 0.5, not '%s'", value);
    ((struct tare__oom_options *)context)->timeout_ms = (uint64_t)(seconds * 1000);
    return 0;
}

static int take_shard(void *context, const char *value)
{
    struct tare__oom_options *options = context;
    char first[24];
    size_t length = strcspn(value, "/");
    snprintf(first, sizeof first, "%.*s", (int)(length < sizeof first ? length : 0), value);
    if (value[length] != '/' || !number_in(first, SIZE_MAX / 2, &options->shard) ||
        !number_in(value + length + 1, SIZE_MAX / 2, &options->shards))
        return USAGE("--shard: K/N is expected, as 1/4 for the first of four, not '%s'", value);
    if (options->shard > options->shards)
        return USAGE("--shard: %s is out of range: there are only %zu", value, options->shards);
    return 0;
}

/* ID, "n" and an ordinal, each with ":once" or ":forever" or without. */
static int take_target(const char *option, const char *value, struct tare__oom_target *target)
{
    const char *mode = strchr(value, ':');
    size_t length = mode != NULL ? (size_t)(mode - value) : strlen(value);
    char digits[24], *end = digits;
    *target = (struct tare__oom_target){.by_ordinal = *value == 'n', .mode = TARE__FAULT_ONCE};
    if (length < sizeof digits) {
        snprintf(digits, sizeof digits, "%.*s", (int)length, value);
        const char *from = digits + (target->by_ordinal ? 1 : 0);
        target->id = *from != '-' && *from != '\0' ? strtoull(from, &end, target->by_ordinal ? 10 : 16) : 0;
    }
    if (mode != NULL && strcmp(mode, ":forever") == 0)
        target->mode = TARE__FAULT_FOREVER;
    else if (mode != NULL && strcmp(mode, ":once") != 0)
        target->id = 0;
    if (target->id != 0 && *end == '\0')
        return 0;
    return USAGE("--%s: the ID of a point is expected, as the summary shows it, not '%s'", option, value);
}

static int take_replay(void *context, const char *value)
{
    return take_target("replay", value, &((struct tare__oom_options *)context)->replay);
}

static int take_gdb(void *context, const char *value)
{
    return take_target("gdb", value, &((struct tare__oom_options *)context)->debug);
}

#define TAKE_PATH(name, field)                                                                                         \
    static int name(void *context, const char *value)                                                                  \
    {                                                                                                                  \
        ((struct tare__oom_options *)context)->field = value;                                                          \
        return 0;                                                                                                      \
    }
TAKE_PATH(take_resume, resume_path)
TAKE_PATH(take_output, output_path)
TAKE_PATH(take_junit, junit_path)

#define TAKE_SWITCH(name, field)                                                                                       \
    static int name(void *context, const char *value)                                                                  \
    {                                                                                                                  \
        (void)value;                                                                                                   \
        ((struct tare__oom_options *)context)->field = true;                                                           \
        return 0;                                                                                                      \
    }
TAKE_SWITCH(take_everywhere, everywhere)
TAKE_SWITCH(take_from_start, from_start)
TAKE_SWITCH(take_must_fail, must_fail)
TAKE_SWITCH(take_may_abort, may_abort)
TAKE_SWITCH(take_leaks, leaks)
TAKE_SWITCH(take_show_output, show_output)
TAKE_SWITCH(take_all, list_all)
TAKE_SWITCH(take_json, json)

static int take_help(void *context, const char *value)
{
    (void)context;
    (void)value;
    help_asked = true;
    return 0;
}

static const struct tare__option table_options[] = {
    {'j', "jobs", "N", "run so many processes at a time (1)", take_jobs},
    {0, "points", "WHAT", "fail each distinct call stack ('stacks'), or each of the 'allocations'", take_points},
    {0, "mode", "MODE", "fail 'once', from there on 'forever', or one after the other ('both')", take_mode},
    {0, "timeout", "SECONDS", "a run that takes longer hangs (10, and 10 times the unharmed run)", take_timeout},
    {0, "must-fail", NULL, "exit status 0 in spite of a failure is wrong", take_must_fail},
    {0, "may-abort", NULL, "SIGABRT is a way to give up", take_may_abort},
    {0, "leaks", NULL, "blocks that the unharmed run does not leave are wrong", take_leaks},
    {0, "everywhere", NULL, "also fail what the loader, TLS and NSS ask for", take_everywhere},
    {0, "from-start", NULL, "run each point from the start: never fork at it", take_from_start},
    {0, "limit", "N", "so many points at most, evenly sampled", take_limit},
    {0, "shard", "K/N", "only the K-th of N shares of the points", take_shard},
    {0, "resume", "FILE", "keep results in FILE, and leave out what is in there", take_resume},
    {0, "replay", "ID", "run this point alone, with its output", take_replay},
    {0, "gdb", "ID", "run it in gdb, and stop where it fails", take_gdb},
    {0, "show-output", NULL, "let the runs write to standard output and error", take_show_output},
    {0, "all", NULL, "list all points that passed, too", take_all},
    {'o', "output", "FILE", "write the summary to FILE instead of standard output", take_output},
    {0, "json", NULL, "write it as one JSON object", take_json},
    {0, "junit", "FILE", "write JUnit XML to FILE besides", take_junit},
    {'h', "help", NULL, "show this", take_help},
};

static const struct tare__option_table table = {"oom", "[OPTIONS] [--] PROGRAM [ARGUMENTS...]", table_options,
                                                sizeof table_options / sizeof *table_options, false};

int tare__oom_help(void)
{
    tare__options_help(&table);
    printf("\nExit status: 0 when every point passed, 1 when one did not, 2 for wrong usage, 3\n"
           "when tare could not do its work. See tare-oom(1).\n");
    return fflush(stdout) == 0 ? TARE__EXIT_FINE : tare__complain(TARE__EXIT_UNABLE, "can't write to standard output");
}

static int check(const struct tare__oom_options *options)
{
    if (options->replay.id != 0 && options->debug.id != 0)
        return USAGE("--replay and --gdb are two things: which one?");
    if ((options->replay.id != 0 || options->debug.id != 0) && options->resume_path != NULL)
        return USAGE("--resume is for a sweep, not for one point");
    return 0;
}

int tare__oom_options_parse(struct tare__oom_options *options, int count, char **arguments)
{
    *options = (struct tare__oom_options){.jobs = 1, .modes = (1u << TARE__FAULT_MODES) - 1, .shard = 1, .shards = 1};
    help_asked = false;
    int rest, status = tare__options_parse(&table, count, arguments, options, &rest);
    if (status != 0 || help_asked)
        return status;
    if (rest == count || *arguments[rest] == '\0')
        return USAGE("which program?\nusage: tare oom %s", table.usage);
    options->arguments = arguments + rest;
    return check(options);
}
