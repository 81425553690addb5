/* SPDX-License-Identifier: MIT */
#include "oom_progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "oom_process.h"

enum { BETWEEN_MS = 100, BAR = 30 };
static uint64_t next_ms;
static bool shown;

static bool is_time(void)
{
    uint64_t now = tare__oom_now_ms();
    if (now < next_ms || !isatty(STDERR_FILENO))
        return false;
    bool first = next_ms == 0; /* what is over at once shows none */
    next_ms = now + BETWEEN_MS;
    shown |= !first;
    return !first;
}

void tare__oom_progress_count(const struct tare__oom *oom)
{
    if (is_time())
        fprintf(stderr, "\r\033[Ktare: counting: %" PRIu64 " allocations at %u call stacks", oom->faults->seen,
                oom->faults->point_count);
}

void tare__oom_progress(const struct tare__oom *oom)
{
    if (!is_time() || oom->runs_all == 0)
        return;
    size_t filled = oom->runs_done * BAR / oom->runs_all;
    fputs("\r\033[Ktare: [", stderr);
    for (size_t i = 0; i < BAR; i++)
        fputc(i < filled ? '#' : '.', stderr);
    fprintf(stderr, "] %zu of %zu runs, %zu failed", oom->runs_done, oom->runs_all, oom->runs_failed);
}

void tare__oom_progress_end(void)
{
    if (shown)
        fputs("\r\033[K", stderr);
    shown = false;
}
