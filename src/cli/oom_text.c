/* SPDX-License-Identifier: MIT */
/* The summary for people. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/wait.h>

#include "oom_report.h"
#include "phrase.h"
#include "sites_text.h"

enum { FRAMES = 12, PASSED_LISTED = 10 };

#define PLURAL(count) ((count) == 1 ? "" : "s")

static const char *figure(char buffer[TARE__FIGURE_BYTES], uint64_t number)
{
    return tare__figure(buffer, (int64_t)number);
}

/* ---- A point --------------------------------------------------------------------- */

/* tare__report_stack() indents its lines by itself, too. */
static void write_stack(const struct tare__oom_report *report, uint32_t stack, int indent, FILE *out)
{
    const struct tare__sites_request request = {.frames_max = FRAMES, .indent = (unsigned)indent};
    tare__report_stack(&report->stacks->process, stack, &request, out);
}

static const char *place_label(const struct tare__fault_point *point)
{
    static const char *const labels[] = {
        [TARE__FAULT_IN_LIBC] = " (in libc)",
        [TARE__FAULT_IN_LOADER] = " (in the loader)",
        [TARE__FAULT_IN_TLS] = " (for thread-local variables)",
        [TARE__FAULT_IN_NSS] = " (in NSS)",
    };
    return labels[point->place] != NULL ? labels[point->place] : "";
}

static void write_run(const struct tare__oom_report *report, uint32_t number, int mode, const char *modes, int indent,
                      FILE *out)
{
    const struct tare__oom *oom = report->oom;
    const struct tare__fault_point *point = &oom->faults->points[number];
    const struct tare__fault_run *run = &point->runs[mode];
    char end[TARE__OOM_END_BYTES];
    fprintf(out, "%*s%s, failing %s%s\n", indent, "", tare__oom_end_text(end, oom, run), modes,
            run->why != TARE__WHY_NONE ? ", run from the start" : "");
    uint32_t crash = tare__oom_crash(report->stacks, number, mode);
    if (crash != 0)
        write_stack(report, crash, indent, out);
    if (tare__oom_verdict(oom, run) == TARE__VERDICT_LEAKED)
        for (uint32_t i = 0; i < run->leak_count && i < TARE__FAULT_LEAKS; i++) {
            fprintf(out, "%*s  %" PRIi64 " block%s of %" PRIi64 " bytes from\n", indent, "", run->leaks[i].blocks,
                    PLURAL(run->leaks[i].blocks), run->leaks[i].bytes);
            write_stack(report, report->stacks->points[run->leaks[i].point], indent, out);
        }
    fprintf(out, "%*s  replay:  ", indent, "");
    tare__oom_again(oom, "--replay", point, mode, out);
    fprintf(out, "\n%*s  in gdb:  ", indent, "");
    tare__oom_again(oom, "--gdb", point, mode, out);
    fputc('\n', out);
}

void tare__oom_run_text(const struct tare__oom_report *report, uint32_t number, int mode, int indent, FILE *out)
{
    write_run(report, number, mode, tare__oom_mode_names[mode], indent, out);
}

/* What matters of them to people. */
static bool are_alike(const struct tare__oom *oom, const struct tare__fault_run *one,
                      const struct tare__fault_run *other)
{
    return tare__oom_verdict(oom, one) == tare__oom_verdict(oom, other) && one->status == other->status &&
           one->why == other->why && one->leaked_blocks == other->leaked_blocks &&
           one->leaked_bytes == other->leaked_bytes && one->stack.count == other->stack.count &&
           memcmp(one->stack.addresses, other->stack.addresses, one->stack.count * sizeof *one->stack.addresses) == 0 &&
           memcmp(one->leaks, other->leaks, sizeof one->leaks) == 0;
}

void tare__oom_point_text(const struct tare__oom_report *report, uint32_t number, FILE *out)
{
    const struct tare__oom *oom = report->oom;
    const struct tare__fault_point *point = &oom->faults->points[number];
    bool is_bad = tare__oom_is_bad(tare__oom_point_verdict(oom, point));
    char id[TARE__OOM_ID_BYTES], hits[TARE__FIGURE_BYTES];
    tare__oom_id(oom, point, -1, id);
    fprintf(out, "\n%s %s%s: %s allocation%s, the first of %" PRIu64 " bytes, from\n", is_bad ? "FAILED" : "passed", id,
            place_label(point), figure(hits, point->hits), PLURAL(point->hits), point->size);
    write_stack(report, report->stacks->points[number], 0, out);
    if (is_bad && are_alike(oom, &point->runs[TARE__FAULT_ONCE], &point->runs[TARE__FAULT_FOREVER])) {
        write_run(report, number, TARE__FAULT_ONCE, "once and forever", 2, out);
        return;
    }
    for (int mode = 0; mode < TARE__FAULT_MODES; mode++)
        if (is_bad ? tare__oom_is_bad(tare__oom_verdict(oom, &point->runs[mode]))
                   : point->runs[mode].verdict != TARE__VERDICT_NONE)
            tare__oom_run_text(report, number, mode, 2, out);
}

static void write_passed(const struct tare__oom_report *report, FILE *out)
{
    const struct tare__oom *oom = report->oom;
    size_t first = report->bad_points, count = oom->chosen_count - first;
    size_t listed = oom->options.list_all || count <= PASSED_LISTED ? count : PASSED_LISTED;
    if (count > 0)
        fprintf(out, "\npassed:\n");
    for (size_t i = first; i < first + listed; i++) {
        char id[TARE__OOM_ID_BYTES], place[TARE__PLACE_BYTES];
        const struct tare__fault_point *point = &oom->faults->points[report->order[i]];
        tare__oom_id(oom, point, -1, id);
        fprintf(out, "  %-16s  %s%s\n", id, tare__oom_place_text(place, report, report->order[i]), place_label(point));
    }
    if (listed < count)
        fprintf(out, "  ... and %zu more (--all lists them)\n", count - listed);
}

static void write_apart(const struct tare__oom_report *report, FILE *out)
{
    const struct tare__oom *oom = report->oom;
    if (oom->apart == 0 || !oom->options.list_all)
        return;
    fprintf(out, "\nset apart (--everywhere fails them, too):\n");
    for (uint32_t i = 0; i < oom->point_count; i++) {
        const struct tare__fault_point *point = &oom->faults->points[i];
        char place[TARE__PLACE_BYTES];
        if (point->ordinal == 0 && point->place >= TARE__FAULT_IN_LOADER)
            fprintf(out, "  %016" PRIx64 "  %s%s\n", point->id, tare__oom_place_text(place, report, i),
                    place_label(point));
    }
}

/* ---- The head -------------------------------------------------------------------- */

static void write_choice(const struct tare__oom *oom, FILE *out)
{
    if (oom->options.shards > 1)
        fprintf(out, "  shard %zu/%zu: %zu of the %zu points\n", oom->options.shard, oom->options.shards, oom->in_shard,
                oom->eligible);
    if (oom->chosen_count < oom->in_shard)
        fprintf(out, "  only an even sample of %zu of %zu points was run (--limit)\n", oom->chosen_count,
                oom->in_shard);
    if (oom->faults->points_lost > 0)
        fprintf(out, "  %u allocations more were at points that there was no room for: those are not run\n",
                oom->faults->points_lost);
    if (oom->apart > 0)
        fprintf(out, "  %zu call stack%s of the loader, TLS or NSS %s set apart\n", oom->apart, PLURAL(oom->apart),
                oom->apart == 1 ? "is" : "are");
}

static void write_runs(const struct tare__oom_report *report, FILE *out)
{
    const struct tare__oom *oom = report->oom;
    size_t runs = report->forked + report->started;
    fprintf(out, "  %zu run%s: %zu forked at the point", runs, PLURAL(runs), report->forked);
    if (report->started > 0)
        fprintf(out, ", %zu from the start", report->started);
    const char *separator = " (";
    for (int why = 1; why < TARE__WHYS; why++)
        if (report->whys[why] > 0) {
            fprintf(out, "%s%zu: %s", separator, report->whys[why], tare__oom_why_texts[why]);
            separator = "; ";
        }
    fprintf(out, "%s\n", *separator == ';' ? ")" : "");
    if (oom->resumed > 0)
        fprintf(out, "  %zu of them had been run before (--resume)\n", oom->resumed);
    fputs("  ", out);
    separator = "";
    for (int verdict = 0; verdict < TARE__OOM_VERDICTS; verdict++)
        if (report->verdicts[verdict] > 0) {
            fprintf(out, "%s%zu %s", separator, report->verdicts[verdict], tare__oom_verdict_names[verdict]);
            separator = ", ";
        }
    double seconds = (double)(oom->forks_ms + oom->starts_ms) / 1000;
    fprintf(out, ", in %.2f s", seconds);
    if (seconds >= 1 && runs > oom->resumed)
        fprintf(out, " (%.0f a second)", (double)(runs - oom->resumed) / seconds);
    fputc('\n', out);
}

static void write_head(const struct tare__oom_report *report, FILE *out)
{
    const struct tare__oom *oom = report->oom;
    char allocations[TARE__FIGURE_BYTES];
    fprintf(out, "%s: %zu of %zu points failed\n", oom->options.arguments[0], report->bad_points, oom->chosen_count);
    fprintf(out, "  unharmed: %s allocation%s from %zu %s, exit status %d, %" PRIu64 " ms\n",
            figure(allocations, oom->faults->seen), PLURAL(oom->faults->seen), oom->eligible,
            oom->options.by_ordinal ? "points" : "call stacks", WEXITSTATUS(oom->unharmed_status), oom->unharmed_ms);
    write_choice(oom, out);
    write_runs(report, out);
    if (report->verdicts[TARE__VERDICT_NOT_REACHED] > 0)
        fprintf(out, "  NOT DETERMINISTIC: %zu run%s did not come to the point again, which is no pass\n",
                report->verdicts[TARE__VERDICT_NOT_REACHED], PLURAL(report->verdicts[TARE__VERDICT_NOT_REACHED]));
}

int tare__oom_text(const void *context, FILE *out)
{
    const struct tare__oom_report *report = context;
    write_head(report, out);
    for (size_t i = 0; i < report->bad_points; i++)
        tare__oom_point_text(report, report->order[i], out);
    write_passed(report, out);
    write_apart(report, out);
    return ferror(out) ? EIO : 0;
}
