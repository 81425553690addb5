/* SPDX-License-Identifier: MIT */
/* The summary as JUnit XML, as CI systems read it: a suite, and a case for each run. */
#include <errno.h>
#include <stdlib.h>

#include "oom_report.h"
#include "sites_text.h"
#include "xml.h"

static void write_attribute(const char *name, const char *text, FILE *out)
{
    fprintf(out, " %s=\"", name);
    tare__xml_text(text, out);
    fputc('"', out);
}

static void write_seconds(uint64_t ms, FILE *out)
{
    fprintf(out, " time=\"%llu.%03llu\"", (unsigned long long)(ms / 1000), (unsigned long long)(ms % 1000));
}

static int write_details(const struct tare__oom_report *report, uint32_t number, int mode, FILE *out)
{
    char *text = NULL;
    size_t length;
    FILE *memory = open_memstream(&text, &length);
    if (memory == NULL)
        return errno;
    const struct tare__sites_request request = {.frames_max = 0};
    fprintf(memory, "fails:\n");
    tare__report_stack(&report->stacks->process, report->stacks->points[number], &request, memory);
    tare__oom_run_text(report, number, mode, 0, memory);
    int error = fclose(memory) == 0 ? 0 : ENOMEM;
    if (error == 0)
        tare__xml_text(text, out);
    free(text);
    return error;
}

static int write_case(const struct tare__oom_report *report, uint32_t number, int mode, FILE *out)
{
    const struct tare__oom *oom = report->oom;
    const struct tare__fault_point *point = &oom->faults->points[number];
    const struct tare__fault_run *run = &point->runs[mode];
    enum tare__fault_verdict verdict = tare__oom_verdict(oom, run);
    char place[TARE__PLACE_BYTES], id[TARE__OOM_ID_BYTES], name[TARE__PLACE_BYTES + TARE__OOM_ID_BYTES + 4];
    char end[TARE__OOM_END_BYTES];
    tare__oom_id(oom, point, mode, id);
    snprintf(name, sizeof name, "%s [%s]", tare__oom_place_text(place, report, number), id);
    fprintf(out, "    <testcase");
    write_attribute("classname", oom->options.arguments[0], out);
    write_attribute("name", name, out);
    write_seconds(run->ms, out);
    if (!tare__oom_is_bad(verdict)) {
        fputs("/>\n", out);
        return 0;
    }
    const char *kind = verdict == TARE__VERDICT_NOT_REACHED ? "error" : "failure";
    fprintf(out, ">\n      <%s", kind);
    write_attribute("type", tare__oom_verdict_names[verdict], out);
    write_attribute("message", tare__oom_end_text(end, oom, run), out);
    fputc('>', out);
    int error = write_details(report, number, mode, out);
    fprintf(out, "</%s>\n    </testcase>\n", kind);
    return error;
}

int tare__oom_junit(const void *context, FILE *out)
{
    const struct tare__oom_report *report = context;
    const struct tare__oom *oom = report->oom;
    size_t errors = report->verdicts[TARE__VERDICT_NOT_REACHED], runs = report->forked + report->started, failures = 0;
    for (int verdict = TARE__VERDICT_PASSED + 1; verdict < TARE__VERDICT_NOT_REACHED; verdict++)
        failures += report->verdicts[verdict];
    fprintf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"tare oom\"");
    fprintf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"0\"", runs, failures, errors);
    write_seconds(oom->forks_ms + oom->starts_ms, out);
    fputs(">\n", out);
    int error = 0;
    for (size_t i = 0; error == 0 && i < oom->chosen_count; i++)
        for (int mode = 0; error == 0 && mode < TARE__FAULT_MODES; mode++)
            if (oom->faults->points[report->order[i]].runs[mode].verdict != TARE__VERDICT_NONE)
                error = write_case(report, report->order[i], mode, out);
    fputs("  </testsuite>\n</testsuites>\n", out);
    return error != 0 ? error : ferror(out) ? EIO : 0;
}
