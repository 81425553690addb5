/* SPDX-License-Identifier: MIT */
/*
 * Counts the points in an unharmed run; then runs them: first by processes that fork at each (one for
 * each job, with a share of the points), then, from the start, those at which that could not be.
 * A point of which nothing came when it was forked has a second chance there, so what is
 * not reached in the end was really not.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "oom.h"
#include "oom_log.h"
#include "oom_merge.h"
#include "oom_progress.h"
#include "oom_single.h"
#include "program.h"

#define UNABLE(...) tare__complain(TARE__EXIT_UNABLE, "oom: " __VA_ARGS__)

static int out_of(const char *what, int error)
{
    return UNABLE("can't %s: %s", what, strerror(error));
}

/* ---- Counting -------------------------------------------------------------------- */

static int never_attached(const struct tare__oom *oom)
{
    char reason[PATH_MAX + 128];
    UNABLE("tare never attached to %s, so nothing was counted", oom->options.arguments[0]);
    tare__program_explain(oom->program, reason, sizeof reason);
    fprintf(stderr, "  %s\n", reason);
    return TARE__EXIT_UNABLE;
}

static bool can_fail(const struct tare__fault_point *point)
{
    return point->ordinal != 0;
}

static int check_count(struct tare__oom *oom)
{
    const struct tare__faults *faults = oom->faults;
    const char *program = oom->options.arguments[0];
    oom->point_count = faults->point_count;
    for (uint32_t i = 0; i < oom->point_count; i++)
        if (can_fail(&faults->points[i]))
            oom->eligible++;
        else
            oom->apart += faults->points[i].place >= TARE__FAULT_IN_LOADER;
    if (faults->pid == 0)
        return never_attached(oom);
    if (WIFSIGNALED(oom->unharmed_status))
        return UNABLE("signal %d (%s) killed %s though nothing failed: there is nothing to compare with",
                      WTERMSIG(oom->unharmed_status), strsignal(WTERMSIG(oom->unharmed_status)), program);
    if (oom->eligible == 0 && oom->apart > 0)
        return UNABLE("%s allocates nothing but what the loader, TLS and NSS ask for: there is nothing to fail",
                      program);
    if (oom->eligible == 0)
        return UNABLE("%s never allocates: there is nothing to fail", program);
    return 0;
}

int tare__oom_count(struct tare__oom *oom)
{
    static struct tare__oom_process process; /* its faults stay */
    int error = tare__oom_process_make(&process, oom);
    if (error != 0)
        return out_of("share memory with the program", error);
    oom->faults = process.faults;
    error = tare__oom_process_start(&process, oom, false);
    if (error != 0)
        return UNABLE("can't run %s: %s", oom->options.arguments[0], strerror(error));
    while (tare__oom_wait(&process, 1, oom) == NULL)
        tare__oom_progress_count(oom);
    oom->unharmed_ms = process.ms;
    oom->unharmed_status = process.status;
    enum { TIMEOUT_MS = 10000, TIMES = 10 };
    oom->timeout_ms = oom->options.timeout_ms != 0 ? oom->options.timeout_ms : TIMEOUT_MS + TIMES * process.ms;
    return check_count(oom);
}

/* ---- Choosing -------------------------------------------------------------------- */

static size_t mode_count(const struct tare__oom *oom)
{
    return (size_t)__builtin_popcount(oom->options.modes);
}

/* Every so many of the shard's points. */
static bool is_sampled(const struct tare__oom *oom, size_t place)
{
    size_t limit = oom->options.limit;
    if (limit == 0 || limit >= oom->in_shard)
        return true;
    __extension__ typedef unsigned __int128 wide;
    return place == 0 || (wide)place * limit / oom->in_shard != (wide)(place - 1) * limit / oom->in_shard;
}

static int choose(struct tare__oom *oom)
{
    size_t at = 0, place = 0, shards = oom->options.shards, first = oom->options.shard - 1;
    oom->in_shard = oom->eligible / shards + (first < oom->eligible % shards);
    oom->chosen = calloc(oom->eligible, sizeof *oom->chosen);
    if (oom->chosen == NULL)
        return UNABLE("out of memory");
    for (uint32_t i = 0; i < oom->point_count; i++)
        if (can_fail(&oom->faults->points[i]) && at++ % shards == first && is_sampled(oom, place++))
            oom->chosen[oom->chosen_count++] = i;
    oom->runs_all = oom->chosen_count * mode_count(oom);
    if (oom->in_shard == 0)
        return UNABLE("--shard %zu/%zu is out of range: there are only %zu points", oom->options.shard, shards,
                      oom->eligible);
    return 0;
}

static bool is_wanted(const struct tare__oom *oom, int mode)
{
    return (oom->options.modes >> mode & 1) != 0;
}

static void note_done(struct tare__oom *oom, uint32_t number, int mode)
{
    const struct tare__fault_run *run = &oom->faults->points[number].runs[mode];
    oom->runs_done++;
    oom->runs_failed += tare__oom_is_bad(tare__oom_verdict(oom, run));
    if (oom->log != NULL)
        tare__oom_log_add(oom->log, oom, number, mode);
}

/* ---- Forking --------------------------------------------------------------------- */

/* A share of the points, those that are not done yet. False: none. */
static bool give_share(const struct tare__oom *oom, struct tare__faults *to, size_t job)
{
    bool any = false;
    tare__oom_give_points(to, oom->faults);
    to->plan.kind = TARE__FAULT_FORK;
    for (size_t i = job; i < oom->chosen_count; i += oom->options.jobs)
        for (int mode = 0; mode < TARE__FAULT_MODES; mode++)
            if (is_wanted(oom, mode) && oom->faults->points[oom->chosen[i]].runs[mode].verdict == TARE__VERDICT_NONE) {
                to->points[oom->chosen[i]].wanted |= 1u << mode;
                any = true;
            }
    return any;
}

/* Takes what has come since. True where anything has. */
static bool take_forked(struct tare__oom *oom, const struct tare__oom_process *process, size_t job)
{
    bool any = false;
    for (size_t i = job; i < oom->chosen_count; i += oom->options.jobs) {
        uint32_t number = oom->chosen[i];
        for (int mode = 0; mode < TARE__FAULT_MODES; mode++) {
            const struct tare__fault_run *found = &process->faults->points[number].runs[mode];
            struct tare__fault_run *run = &oom->faults->points[number].runs[mode];
            if (run->verdict != TARE__VERDICT_NONE ||
                __atomic_load_n(&found->verdict, __ATOMIC_ACQUIRE) == TARE__VERDICT_NONE)
                continue;
            any = true;
            tare__oom_merge_run(oom->faults, run, process->faults, found);
            if (run->verdict == TARE__VERDICT_PASSED && run->fired == 0) { /* a copy that could not be made whole */
                run->verdict = TARE__VERDICT_FROM_START;
                run->why = TARE__WHY_LOST;
            }
            if (run->verdict != TARE__VERDICT_FROM_START)
                note_done(oom, number, mode);
        }
    }
    return any;
}

static uint64_t patience_ms(const struct tare__oom *oom)
{
    enum { MORE_MS = 60000, TIMES = 20 };
    return oom->timeout_ms + TIMES * oom->unharmed_ms + MORE_MS;
}

static int fork_at_points(struct tare__oom *oom, struct tare__oom_process *processes)
{
    size_t running = 0, jobs = oom->options.jobs;
    for (size_t i = 0; i < jobs; i++) {
        int error = 0;
        if (!give_share(oom, processes[i].faults, i))
            continue;
        if ((error = tare__oom_process_start(&processes[i], oom, false)) != 0)
            return out_of("run the program again", error);
        processes[i].deadline_ms = processes[i].start_ms + patience_ms(oom);
        running++;
    }
    while (running > 0) {
        running -= tare__oom_wait(processes, jobs, oom) != NULL;
        for (size_t i = 0; i < jobs; i++)
            if (take_forked(oom, &processes[i], i))
                processes[i].deadline_ms = tare__oom_now_ms() + patience_ms(oom);
        tare__oom_progress(oom);
    }
    return 0;
}

/* ---- From the start -------------------------------------------------------------- */

static bool is_left(const struct tare__oom *oom, uint32_t number, int mode)
{
    uint32_t verdict = oom->faults->points[number].runs[mode].verdict;
    return is_wanted(oom, mode) && (verdict == TARE__VERDICT_NONE || verdict == TARE__VERDICT_FROM_START);
}

void tare__oom_aim(const struct tare__oom *oom, struct tare__faults *faults, const struct tare__oom_target *target)
{
    if (oom->options.leaks)
        tare__oom_give_points(faults, oom->faults);
    faults->plan.kind = target->by_ordinal ? TARE__FAULT_NTH : TARE__FAULT_STACK;
    faults->plan.target = target->id;
    faults->plan.in_a_row = target->mode == TARE__FAULT_ONCE ? 1 : UINT64_MAX;
}

void tare__oom_take_started(struct tare__faults *into, struct tare__fault_run *run,
                            const struct tare__oom_process *process)
{
    enum tare__fault_why why = run->why == TARE__WHY_NONE ? TARE__WHY_LOST : run->why;
    tare__oom_merge_run(into, run, process->faults, &process->faults->run);
    run->why = why;
    run->status = process->status;
    run->ms = (uint32_t)process->ms;
    run->verdict = WIFSIGNALED(process->status) ? TARE__VERDICT_CRASHED : TARE__VERDICT_PASSED;
    if (process->was_killed)
        run->verdict = TARE__VERDICT_HUNG;
    else if (run->fired == 0)
        run->verdict = TARE__VERDICT_NOT_REACHED;
}

/* The next that is left goes to an idle process. False: there is none. */
static bool next_left(const struct tare__oom *oom, struct tare__oom_process *process, size_t *at)
{
    for (; *at < oom->chosen_count * TARE__FAULT_MODES; ++*at) {
        process->point = oom->chosen[*at / TARE__FAULT_MODES];
        process->mode = (int)(*at % TARE__FAULT_MODES);
        if (is_left(oom, process->point, process->mode)) {
            ++*at;
            return true;
        }
    }
    return false;
}

static int start_one(struct tare__oom *oom, struct tare__oom_process *process)
{
    const struct tare__fault_point *point = &oom->faults->points[process->point];
    const struct tare__oom_target target = {point->id, oom->options.by_ordinal, process->mode};
    int error = tare__oom_process_reset(process, oom);
    if (error == 0) {
        tare__oom_aim(oom, process->faults, &target);
        error = tare__oom_process_start(process, oom, false);
    }
    process->deadline_ms = process->start_ms + oom->timeout_ms;
    return error == 0 ? 0 : out_of("run the program again", error);
}

static int run_from_start(struct tare__oom *oom, struct tare__oom_process *processes)
{
    size_t at = 0, running = 0;
    int status = 0;
    do {
        for (size_t i = 0; status == 0 && i < oom->options.jobs; i++)
            if (processes[i].pid == 0 && next_left(oom, &processes[i], &at)) {
                status = start_one(oom, &processes[i]);
                running += status == 0;
            }
        if (running == 0)
            break;
        struct tare__oom_process *ended = tare__oom_wait(processes, oom->options.jobs, oom);
        if (ended != NULL) {
            running--;
            struct tare__fault_point *point = &oom->faults->points[ended->point];
            tare__oom_take_started(oom->faults, &point->runs[ended->mode], ended);
            note_done(oom, ended->point, ended->mode);
        }
        tare__oom_progress(oom);
    } while (true);
    return status;
}

/* ---- The sweep ------------------------------------------------------------------- */

static void mark_asked(struct tare__oom *oom)
{
    for (size_t i = 0; i < oom->chosen_count; i++)
        for (int mode = 0; mode < TARE__FAULT_MODES; mode++)
            if (is_left(oom, oom->chosen[i], mode))
                oom->faults->points[oom->chosen[i]].runs[mode].why = TARE__WHY_ASKED;
}

static int run_all(struct tare__oom *oom, struct tare__oom_process *processes)
{
    int status = 0;
    uint64_t start = tare__oom_now_ms();
    if (oom->options.from_start)
        mark_asked(oom);
    else
        status = fork_at_points(oom, processes);
    oom->forks_ms = tare__oom_now_ms() - start;
    if (status == 0)
        status = run_from_start(oom, processes);
    oom->starts_ms = tare__oom_now_ms() - start - oom->forks_ms;
    tare__oom_progress_end();
    return status;
}

int tare__oom_sweep(struct tare__oom *oom)
{
    int status = choose(oom);
    if (status == 0 && oom->log != NULL)
        status = tare__oom_log_read(oom->log, oom);
    if (status != 0)
        return status;
    struct tare__oom_process *processes = calloc(oom->options.jobs, sizeof *processes);
    if (processes == NULL)
        return UNABLE("out of memory");
    for (size_t i = 0; status == 0 && i < oom->options.jobs; i++) {
        int error = tare__oom_process_make(&processes[i], oom);
        status = error != 0 ? out_of("share memory with the program", error) : 0;
    }
    if (status == 0)
        status = run_all(oom, processes);
    for (size_t i = 0; i < oom->options.jobs; i++)
        tare__oom_process_free(&processes[i]);
    free(processes);
    return status;
}
