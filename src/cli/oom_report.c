/* SPDX-License-Identifier: MIT */
/* What all forms of the summary have in common: names, verdicts, order. */
#include "oom_report.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "sites_text.h"

const char *const tare__oom_verdict_names[TARE__OOM_VERDICTS] = {
    [TARE__VERDICT_NONE] = "not run",
    [TARE__VERDICT_PASSED] = "passed",
    [TARE__VERDICT_CRASHED] = "crashed",
    [TARE__VERDICT_HUNG] = "hung",
    [TARE__VERDICT_LEAKED] = "leaked",
    [TARE__VERDICT_DOUBLE_FREE] = "bad free",
    [TARE__VERDICT_WRONG_SUCCESS] = "wrong success",
    [TARE__VERDICT_FAILED] = "failed",
    [TARE__VERDICT_NOT_REACHED] = "not reached",
    [TARE__VERDICT_FROM_START] = "not run",
};

const char *const tare__oom_mode_names[TARE__FAULT_MODES] = {
    [TARE__FAULT_ONCE] = "once",
    [TARE__FAULT_FOREVER] = "forever",
};

const char *const tare__oom_why_names[TARE__WHYS] = {"none", "threads", "pipe", "file", "forked", "lost", "asked"};
const char *const tare__oom_why_texts[TARE__WHYS] = {
    [TARE__WHY_NONE] = "",
    [TARE__WHY_THREADS] = "other threads were alive",
    [TARE__WHY_PIPE] = "a pipe, a socket or a terminal was open",
    [TARE__WHY_FILE] = "a file was open for writing",
    [TARE__WHY_FORKED] = "the program had children",
    [TARE__WHY_LOST] = "the run that forks did not come there",
    [TARE__WHY_ASKED] = "as asked for",
};

const char *const tare__oom_place_names[TARE__FAULT_IN_NSS + 1] = {
    [TARE__FAULT_IN_PROGRAM] = "program", [TARE__FAULT_IN_LIBC] = "libc", [TARE__FAULT_IN_LOADER] = "loader",
    [TARE__FAULT_IN_TLS] = "tls",         [TARE__FAULT_IN_NSS] = "nss",
};

/* ---- Verdicts -------------------------------------------------------------------- */

enum tare__fault_verdict tare__oom_verdict(const struct tare__oom *oom, const struct tare__fault_run *run)
{
    const struct tare__oom_options *options = &oom->options;
    bool ended = run->verdict == TARE__VERDICT_PASSED || run->verdict == TARE__VERDICT_CRASHED;
    if (ended && run->bad_frees > oom->faults->run.bad_frees)
        return TARE__VERDICT_DOUBLE_FREE;
    if (run->verdict == TARE__VERDICT_CRASHED && options->may_abort && WTERMSIG(run->status) == SIGABRT)
        return TARE__VERDICT_PASSED;
    if (run->verdict != TARE__VERDICT_PASSED)
        return run->verdict;
    if (options->must_fail && WEXITSTATUS(run->status) == 0)
        return TARE__VERDICT_WRONG_SUCCESS;
    return options->leaks && run->leaked_blocks > 0 ? TARE__VERDICT_LEAKED : TARE__VERDICT_PASSED;
}

enum tare__fault_verdict tare__oom_point_verdict(const struct tare__oom *oom, const struct tare__fault_point *point)
{
    enum tare__fault_verdict worst = TARE__VERDICT_NONE;
    for (int mode = 0; mode < TARE__FAULT_MODES; mode++) {
        enum tare__fault_verdict verdict = tare__oom_verdict(oom, &point->runs[mode]);
        if (worst <= TARE__VERDICT_PASSED ? verdict > worst : tare__oom_is_bad(verdict) && verdict < worst)
            worst = verdict;
    }
    return worst;
}

void tare__oom_id(const struct tare__oom *oom, const struct tare__fault_point *point, int mode,
                  char id[TARE__OOM_ID_BYTES])
{
    const char *colon = mode < 0 ? "" : ":", *name = mode < 0 ? "" : tare__oom_mode_names[mode];
    if (oom->options.by_ordinal && point->ordinal != 0)
        snprintf(id, TARE__OOM_ID_BYTES, "n%" PRIu64 "%s%s", point->id, colon, name);
    else
        snprintf(id, TARE__OOM_ID_BYTES, "%016" PRIx64 "%s%s", point->id, colon, name);
}

/* ---- Phrases --------------------------------------------------------------------- */

char *tare__oom_end_text(char buffer[TARE__OOM_END_BYTES], const struct tare__oom *oom,
                         const struct tare__fault_run *run)
{
    enum tare__fault_verdict verdict = tare__oom_verdict(oom, run);
    int length = snprintf(buffer, TARE__OOM_END_BYTES, "%s", tare__oom_verdict_names[verdict]);
    char *end = buffer + length;
    size_t room = TARE__OOM_END_BYTES - (size_t)length;
    if (run->verdict == TARE__VERDICT_CRASHED)
        snprintf(end, room, ": signal %d (%s)", WTERMSIG(run->status), strsignal(WTERMSIG(run->status)));
    else if (verdict == TARE__VERDICT_HUNG)
        snprintf(end, room, ": killed after %u ms, with %" PRIu64 " failure%s", run->ms, run->fired,
                 run->fired == 1 ? "" : "s");
    else if (verdict == TARE__VERDICT_LEAKED)
        snprintf(end, room, ": %" PRIi64 " block%s of %" PRIi64 " bytes more than unharmed", run->leaked_blocks,
                 run->leaked_blocks == 1 ? "" : "s", run->leaked_bytes);
    else if (run->verdict == TARE__VERDICT_PASSED)
        snprintf(end, room, ": exit status %d", WEXITSTATUS(run->status));
    return buffer;
}

/* As a shell reads it. */
static void write_quoted(const char *argument, FILE *out)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=:,+@%";
    if (*argument != '\0' && argument[strspn(argument, plain)] == '\0') {
        fputs(argument, out);
        return;
    }
    fputc('\'', out);
    for (; *argument != '\0'; argument++)
        if (*argument == '\'')
            fputs("'\\''", out);
        else
            fputc(*argument, out);
    fputc('\'', out);
}

void tare__oom_again(const struct tare__oom *oom, const char *option, const struct tare__fault_point *point, int mode,
                     FILE *out)
{
    const struct tare__oom_options *options = &oom->options;
    char id[TARE__OOM_ID_BYTES];
    tare__oom_id(oom, point, mode, id);
    fprintf(out, "tare oom %s %s%s%s%s%s --", option, id, options->everywhere ? " --everywhere" : "",
            options->must_fail ? " --must-fail" : "", options->may_abort ? " --may-abort" : "",
            options->leaks ? " --leaks" : "");
    for (char *const *argument = options->arguments; *argument != NULL; argument++) {
        fputc(' ', out);
        write_quoted(*argument, out);
    }
}

char *tare__oom_place_text(char *buffer, const struct tare__oom_report *report, uint32_t point)
{
    struct tare__stack_view view = tare__stack_view(&report->stacks->process.origins, report->stacks->points[point]);
    struct tare__stack_line line;
    snprintf(buffer, TARE__PLACE_BYTES, "(no call stack)");
    while (tare__stack_view_next(&view, &line))
        if (!line.hidden)
            return tare__place_text(buffer, &line);
    return buffer;
}

/* ---- Order ----------------------------------------------------------------------- */

struct ranked {
    uint32_t point;
    enum tare__fault_verdict verdict;
    uint64_t ordinal;
};

static int compare(const void *left, const void *right)
{
    const struct ranked *a = left, *b = right;
    bool a_bad = tare__oom_is_bad(a->verdict), b_bad = tare__oom_is_bad(b->verdict);
    if (a_bad != b_bad)
        return a_bad ? -1 : 1;
    if (a_bad && a->verdict != b->verdict)
        return a->verdict < b->verdict ? -1 : 1;
    return a->ordinal < b->ordinal ? -1 : a->ordinal > b->ordinal;
}

static void count_run(struct tare__oom_report *report, const struct tare__fault_run *run)
{
    report->verdicts[tare__oom_verdict(report->oom, run)]++;
    if (run->verdict == TARE__VERDICT_NONE || run->verdict == TARE__VERDICT_FROM_START)
        report->not_run++;
    else if (run->why == TARE__WHY_NONE)
        report->forked++;
    else
        report->started++;
    if (run->why < TARE__WHYS)
        report->whys[run->why]++;
}

int tare__oom_report_make(struct tare__oom_report *report, const struct tare__oom *oom,
                          const struct tare__oom_stacks *stacks)
{
    *report = (struct tare__oom_report){.oom = oom, .stacks = stacks};
    struct ranked *ranked = calloc(oom->chosen_count + 1, sizeof *ranked);
    report->order = calloc(oom->chosen_count + 1, sizeof *report->order);
    for (size_t i = 0; ranked != NULL && report->order != NULL && i < oom->chosen_count; i++) {
        const struct tare__fault_point *point = &oom->faults->points[oom->chosen[i]];
        ranked[i] = (struct ranked){oom->chosen[i], tare__oom_point_verdict(oom, point), point->ordinal};
        report->bad_points += tare__oom_is_bad(ranked[i].verdict);
        for (int mode = 0; mode < TARE__FAULT_MODES; mode++)
            if ((oom->options.modes >> mode & 1) != 0)
                count_run(report, &point->runs[mode]);
    }
    if (ranked != NULL && report->order != NULL) {
        qsort(ranked, oom->chosen_count, sizeof *ranked, compare);
        for (size_t i = 0; i < oom->chosen_count; i++)
            report->order[i] = ranked[i].point;
    }
    bool whole = ranked != NULL && report->order != NULL;
    free(ranked);
    return whole ? 0 : ENOMEM;
}

void tare__oom_report_free(struct tare__oom_report *report)
{
    free(report->order);
}
