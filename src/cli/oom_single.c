/* SPDX-License-Identifier: MIT */
/* One point by itself: run once more with its output, or stopped at in gdb. That it still is there is
 * found by counting, as before a sweep. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "oom_process.h"
#include "oom_report.h"
#include "oom_single.h"

/* Its number among the points. A status where there is none. */
static int find_point(struct tare__oom *oom, const struct tare__oom_target *target, uint32_t *number)
{
    struct tare__faults *faults = oom->faults;
    for (*number = 0; *number < faults->point_count; ++*number)
        if (faults->points[*number].id == target->id && faults->points[*number].ordinal != 0)
            return 0;
    if (target->by_ordinal)
        return tare__complain(TARE__EXIT_UNABLE,
                              "oom: there is no allocation %" PRIu64 " any more: %s makes %" PRIu64 " that can fail",
                              target->id, oom->options.arguments[0], faults->seen);
    return tare__complain(TARE__EXIT_UNABLE,
                          "oom: there is no point %016" PRIx64 " any more: nothing is allocated from that call stack; "
                          "the program, a library or the arguments have changed, or --everywhere is missing",
                          target->id);
}

static int prepare(struct tare__oom *oom, const struct tare__oom_target *target, uint32_t *number,
                   struct tare__oom_process *process)
{
    oom->options.by_ordinal = target->by_ordinal;
    int status = tare__oom_count(oom);
    if (status == 0)
        status = find_point(oom, target, number);
    if (status != 0)
        return status;
    int error = tare__oom_process_make(process, oom);
    if (error != 0)
        return tare__complain(TARE__EXIT_UNABLE, "oom: can't share memory with the program: %s", strerror(error));
    tare__oom_aim(oom, process->faults, target);
    return 0;
}

/* ---- Replay ---------------------------------------------------------------------- */

static int write_result(struct tare__oom *oom, uint32_t number, int mode)
{
    struct tare__oom_stacks stacks;
    struct tare__oom_report report = {.oom = oom, .stacks = &stacks};
    const struct tare__fault_run *run = &oom->faults->points[number].runs[mode];
    int error = tare__oom_stacks_make(&stacks, oom);
    enum tare__fault_verdict verdict = tare__oom_verdict(oom, run);
    if (error == 0)
        tare__oom_point_text(&report, number, stderr);
    tare__oom_stacks_free(&stacks);
    if (error != 0)
        return tare__complain(TARE__EXIT_UNABLE, "oom: %s", strerror(error));
    if (verdict == TARE__VERDICT_NOT_REACHED)
        return tare__complain(TARE__EXIT_UNABLE, "oom: %s did not come to the point this time: it is not deterministic",
                              oom->options.arguments[0]);
    return tare__oom_is_bad(verdict) ? TARE__EXIT_FAILED : TARE__EXIT_FINE;
}

int tare__oom_replay(struct tare__oom *oom)
{
    const struct tare__oom_target *target = &oom->options.replay;
    struct tare__oom_process process = {.faults = NULL};
    uint32_t number;
    int status = prepare(oom, target, &number, &process);
    if (status != 0)
        return status;
    int error = tare__oom_process_start(&process, oom, true);
    if (error != 0)
        return tare__complain(TARE__EXIT_UNABLE, "oom: can't run the program again: %s", strerror(error));
    process.deadline_ms = process.start_ms + oom->timeout_ms;
    while (tare__oom_wait(&process, 1, oom) == NULL) {
    }
    struct tare__fault_run *run = &oom->faults->points[number].runs[target->mode];
    tare__oom_take_started(oom->faults, run, &process);
    run->why = TARE__WHY_NONE; /* that it is run from the start is no news */
    oom->options.modes = 1u << target->mode;
    oom->chosen = malloc(sizeof *oom->chosen);
    if (oom->chosen == NULL)
        return tare__complain(TARE__EXIT_UNABLE, "oom: out of memory");
    oom->chosen[oom->chosen_count++] = number;
    tare__oom_process_free(&process);
    return write_result(oom, number, target->mode);
}

/* ---- In gdb ---------------------------------------------------------------------- */

static char *setting(const char *format, const char *value)
{
    char *text = NULL;
    return asprintf(&text, format, value) >= 0 ? text : NULL;
}

/* Its own ends: so the arguments need not be freed. */
__attribute__((noreturn)) static void become_gdb(const struct tare__oom *oom, const char *faults)
{
    size_t count = 0;
    while (oom->options.arguments[count] != NULL)
        count++;
    const char *const before[] = {
        "gdb",    "-q",
        "-iex",   "set startup-with-shell off",
        "-iex",   "set breakpoint pending on",
        "-iex",   setting("set environment LD_PRELOAD %s", oom->library),
        "-iex",   setting("set environment " TARE__ENVIRONMENT_FAULTS " %s", faults),
        "-ex",    "break tare_fault_here",
        "-ex",    "run",
        "--args", oom->program,
    };
    enum { BEFORE = sizeof before / sizeof *before };
    const char **arguments = calloc(BEFORE + count, sizeof *arguments);
    if (arguments != NULL && before[7] != NULL && before[9] != NULL) {
        memcpy(arguments, before, sizeof before);
        memcpy(arguments + BEFORE, oom->options.arguments + 1, (count - 1) * sizeof *arguments);
        execvp("gdb", (char *const *)arguments);
    }
    tare__complain(0, "oom: can't run gdb: %s", strerror(errno));
    _exit(TARE__EXIT_UNABLE);
}

int tare__oom_debug(struct tare__oom *oom)
{
    struct tare__oom_process process = {.faults = NULL};
    char faults[64];
    uint32_t number;
    int ended = 0, status = prepare(oom, &oom->options.debug, &number, &process);
    if (status != 0)
        return status;
    tare__oom_faults_path(&process, faults, sizeof faults);
    signal(SIGINT, SIG_IGN); /* is for gdb */
    pid_t pid = fork();
    if (pid == 0) {
        signal(SIGINT, SIG_DFL);
        become_gdb(oom, faults);
    }
    if (pid < 0)
        return tare__complain(TARE__EXIT_UNABLE, "oom: can't run gdb: %s", strerror(errno));
    while (waitpid(pid, &ended, 0) < 0 && errno == EINTR) {
    }
    tare__oom_process_free(&process);
    return WIFEXITED(ended) ? WEXITSTATUS(ended) : TARE__EXIT_UNABLE;
}
