/* SPDX-License-Identifier: MIT */
/* Large debug information takes seconds to read; nothing is shown before some have
 * passed, and what was shown is wiped off again. */
#include "symbols.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "symbol.h"

struct progress {
    struct timespec start;
    bool shown;
};

static bool is_time(const struct progress *progress)
{
    enum { DELAY_MS = 300 };
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - progress->start.tv_sec) * 1000 + (now.tv_nsec - progress->start.tv_nsec) / 1000000 >= DELAY_MS;
}

static void show_progress(size_t done, size_t all, void *context)
{
    struct progress *progress = context;
    if (!progress->shown && !is_time(progress))
        return;
    fprintf(stderr, "\r\033[Ktare: looking up symbols: %zu of %zu modules", done, all);
    fflush(stderr);
    progress->shown = true;
}

int tare__explain_snapshot(const char *command, struct tare__snapshot *snapshot,
                           const struct tare__suppressions *suppressions, bool all_processes)
{
    struct progress progress = {.shown = false};
    bool is_terminal = isatty(STDERR_FILENO);
    const struct tare__symbolize_options options = {.progress = is_terminal ? show_progress : NULL,
                                                    .context = &progress};
    int error = 0;
    clock_gettime(CLOCK_MONOTONIC, &progress.start);
    for (size_t i = 0; error == 0 && i < snapshot->process_count; i++) {
        if (i != snapshot->main && !all_processes && suppressions->count == 0)
            continue;
        error = tare__symbolize(&snapshot->processes[i].origins, &options);
        if (error == 0)
            error = tare__suppress(suppressions, &snapshot->processes[i]);
    }
    if (progress.shown)
        fputs("\r\033[K", stderr);
    return error == 0 ? 0 : tare__complain(TARE__EXIT_UNABLE, "%s: %s", command, strerror(error));
}

int tare__explain_quietly(struct tare__snapshot *snapshot)
{
    const struct tare__symbolize_options options = {.progress = NULL};
    return tare__symbolize(&snapshot->processes[snapshot->main].origins, &options) == 0 ? 0 : TARE__EXIT_UNABLE;
}
