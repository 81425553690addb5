/* SPDX-License-Identifier: MIT */
/* The summary as one JSON object. */
#include <inttypes.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "oom_report.h"
#include "sites_json.h"

static json_t *command_again(const struct tare__oom *oom, const char *option, const struct tare__fault_point *point,
                             int mode)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL)
        return NULL;
    tare__oom_again(oom, option, point, mode, out);
    json_t *value = fclose(out) == 0 ? tare__json_string(text) : NULL;
    free(text);
    return value;
}

static json_t *leaks_of(struct tare__json *json, const struct tare__oom_report *report,
                        const struct tare__fault_run *run)
{
    json_t *leaks = json_array();
    for (uint32_t i = 0; i < run->leak_count && i < TARE__FAULT_LEAKS; i++) {
        json_t *leak = json_object();
        tare__json_set(json, leak, "blocks", json_integer(run->leaks[i].blocks));
        tare__json_set(json, leak, "bytes", json_integer(run->leaks[i].bytes));
        tare__json_set(
            json, leak, "stack",
            tare__json_stack(json, &report->stacks->process.origins, report->stacks->points[run->leaks[i].point]));
        tare__json_append(json, leaks, leak);
    }
    return leaks;
}

static json_t *run_of(struct tare__json *json, const struct tare__oom_report *report, uint32_t number, int mode)
{
    const struct tare__oom *oom = report->oom;
    const struct tare__fault_point *point = &oom->faults->points[number];
    const struct tare__fault_run *run = &point->runs[mode];
    json_t *object = json_object();
    char id[TARE__OOM_ID_BYTES];
    tare__oom_id(oom, point, mode, id);
    tare__json_set(json, object, "id", json_string(id));
    tare__json_set(json, object, "mode", json_string(tare__oom_mode_names[mode]));
    tare__json_set(json, object, "verdict", json_string(tare__oom_verdict_names[tare__oom_verdict(oom, run)]));
    tare__json_set(json, object, "forked", json_boolean(run->why == TARE__WHY_NONE));
    if (run->why != TARE__WHY_NONE)
        tare__json_set(json, object, "from_start_because", json_string(tare__oom_why_names[run->why]));
    if (run->verdict == TARE__VERDICT_CRASHED)
        tare__json_set(json, object, "signal", json_integer(WTERMSIG(run->status)));
    else if (run->verdict != TARE__VERDICT_HUNG)
        tare__json_set(json, object, "exit_status", json_integer(WEXITSTATUS(run->status)));
    tare__json_set(json, object, "ms", json_integer(run->ms));
    tare__json_set(json, object, "failures", tare__json_number(run->fired));
    uint32_t crash = tare__oom_crash(report->stacks, number, mode);
    if (crash != 0)
        tare__json_set(json, object, "where", tare__json_stack(json, &report->stacks->process.origins, crash));
    if (oom->options.leaks) {
        tare__json_set(json, object, "leaked_allocations", json_integer(run->leaked_blocks));
        tare__json_set(json, object, "leaked_bytes", json_integer(run->leaked_bytes));
        tare__json_set(json, object, "leaks", leaks_of(json, report, run));
    }
    tare__json_set(json, object, "replay", command_again(oom, "--replay", point, mode));
    tare__json_set(json, object, "gdb", command_again(oom, "--gdb", point, mode));
    return object;
}

static json_t *point_of(struct tare__json *json, const struct tare__oom_report *report, uint32_t number)
{
    const struct tare__oom *oom = report->oom;
    const struct tare__fault_point *point = &oom->faults->points[number];
    json_t *object = json_object(), *runs = json_array();
    char id[TARE__OOM_ID_BYTES];
    tare__oom_id(oom, point, -1, id);
    tare__json_set(json, object, "id", json_string(id));
    tare__json_set(json, object, "verdict", json_string(tare__oom_verdict_names[tare__oom_point_verdict(oom, point)]));
    tare__json_set(json, object, "in", json_string(tare__oom_place_names[point->place]));
    tare__json_set(json, object, "ordinal", tare__json_number(point->ordinal));
    tare__json_set(json, object, "allocations", tare__json_number(point->hits));
    tare__json_set(json, object, "size", tare__json_number(point->size));
    tare__json_set(json, object, "stack",
                   tare__json_stack(json, &report->stacks->process.origins, report->stacks->points[number]));
    for (int mode = 0; mode < TARE__FAULT_MODES; mode++)
        if (point->runs[mode].verdict != TARE__VERDICT_NONE)
            tare__json_append(json, runs, run_of(json, report, number, mode));
    tare__json_set(json, object, "runs", runs);
    return object;
}

static json_t *verdicts_of(struct tare__json *json, const struct tare__oom_report *report)
{
    json_t *object = json_object();
    for (int verdict = TARE__VERDICT_PASSED; verdict < TARE__VERDICT_FROM_START; verdict++)
        tare__json_set(json, object, tare__oom_verdict_names[verdict],
                       json_integer((json_int_t)report->verdicts[verdict]));
    return object;
}

static json_t *whys_of(struct tare__json *json, const struct tare__oom_report *report)
{
    json_t *object = json_object();
    for (int why = 1; why < TARE__WHYS; why++)
        tare__json_set(json, object, tare__oom_why_names[why], json_integer((json_int_t)report->whys[why]));
    return object;
}

static void set_head(struct tare__json *json, json_t *object, const struct tare__oom_report *report)
{
    const struct tare__oom *oom = report->oom;
    json_t *command = json_array();
    for (char *const *argument = oom->options.arguments; *argument != NULL; argument++)
        tare__json_append(json, command, tare__json_string(*argument));
    const struct {
        const char *key;
        uint64_t value;
    } numbers[] = {
        {"exit_status", (uint64_t)WEXITSTATUS(oom->unharmed_status)},
        {"allocations", oom->faults->seen},
        {"points", oom->eligible},
        {"points_in_shard", oom->in_shard},
        {"points_run", oom->chosen_count},
        {"points_failed", report->bad_points},
        {"points_lost", oom->faults->points_lost},
        {"points_set_apart", oom->apart},
        {"runs_forked", report->forked},
        {"runs_from_start", report->started},
        {"runs_resumed", oom->resumed},
        {"unharmed_ms", oom->unharmed_ms},
        {"forking_ms", oom->forks_ms},
        {"from_start_ms", oom->starts_ms},
        {"timeout_ms", oom->timeout_ms},
    };
    tare__json_set(json, object, "command", command);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        tare__json_set(json, object, numbers[i].key, tare__json_number(numbers[i].value));
    tare__json_set(json, object, "verdicts", verdicts_of(json, report));
    tare__json_set(json, object, "from_start_because", whys_of(json, report));
}

int tare__oom_json(const void *context, FILE *out)
{
    const struct tare__oom_report *report = context;
    struct tare__json json = {.failed = false};
    json_t *object = json_object(), *points = json_array();
    set_head(&json, object, report);
    for (size_t i = 0; i < report->oom->chosen_count; i++)
        tare__json_append(&json, points, point_of(&json, report, report->order[i]));
    tare__json_set(&json, object, "results", points);
    return tare__json_write(&json, object, out);
}
