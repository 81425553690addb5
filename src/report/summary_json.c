/* SPDX-License-Identifier: MIT */
/*
 * A run's summary as one JSON object. The main process's keys are at the top;
 * "processes" holds the others, with the same keys.
 */
#include "sites_json.h"
#include "stats.h"
#include "summary.h"

static json_t *command(struct tare__json *json, const struct tare__process *process)
{
    json_t *array = json_array();
    const char *argument = NULL;
    while ((argument = tare__process_argument(process, argument)) != NULL)
        tare__json_append(json, array, tare__json_string(argument));
    return array;
}

static json_t *inexact(struct tare__json *json, uint32_t bits)
{
    json_t *array = json_array();
    for (int i = 0; i < TARE_INEXACT_COUNT; i++)
        if (bits & (1u << i))
            tare__json_append(json, array, json_string(tare__inexact_name(1u << i)));
    return array;
}

static json_t *histogram(struct tare__json *json, const struct tare__process *process)
{
    json_t *array = json_array();
    for (size_t i = 0; i < process->size_count; i++) {
        json_t *range = json_object();
        tare__json_set(json, range, "low", tare__json_number(process->sizes[i].low));
        tare__json_set(json, range, "high", tare__json_number(process->sizes[i].high));
        tare__json_set(json, range, "allocations", tare__json_number(process->sizes[i].allocations));
        tare__json_append(json, array, range);
    }
    return array;
}

static json_t *scope(struct tare__json *json, const struct tare__process *process)
{
    json_t *object = json_object();
    tare__json_set(json, object, "name", tare__json_string(process->scope_name));
    tare__json_set(json, object, "file", tare__json_string(process->scope_file));
    tare__json_set(json, object, "line", json_integer(process->scope_line));
    return object;
}

static void set_process(struct tare__json *json, json_t *object, const struct tare__process *process,
                        const struct tare__report_options *options)
{
    for (size_t i = 0; i < tare__statistic_count; i++)
        tare__json_set(json, object, tare__statistics[i].name,
                       json_integer(tare__statistic_value(&tare__statistics[i], &process->stats)));
    tare__json_set(json, object, "inexact", inexact(json, process->stats.inexact));
    tare__json_set(json, object, "histogram", histogram(json, process));
    tare__json_set(json, object, "runtime_blocks", tare__json_number(process->runtime_blocks));
    tare__json_set(json, object, "runtime_bytes", tare__json_number(process->runtime_bytes));
    tare__json_set(json, object, "pid", json_integer(process->pid));
    tare__json_set(json, object, "parent_pid", json_integer(process->parent_pid));
    tare__json_set(json, object, "forked", json_boolean(process->forked));
    tare__json_set(json, object, "running", json_boolean(process->running));
    tare__json_set(json, object, "command", command(json, process));
    tare__json_set(json, object, "command_cut", json_boolean(process->command_cut));
    tare__json_set(json, object, "mode", tare__json_string(process->mode));
    tare__json_set(json, object, "allocator", tare__json_string(process->allocator));
    if (process->is_scope)
        tare__json_set(json, object, "scope", scope(json, process));
    tare__json_set_origins(json, object, process, options);
}

static json_t *processes(struct tare__json *json, const struct tare__snapshot *snapshot,
                         const struct tare__report_options *options)
{
    json_t *array = json_array();
    for (size_t i = 0; i < snapshot->process_count; i++) {
        if (i == snapshot->main)
            continue;
        json_t *object = json_object();
        set_process(json, object, &snapshot->processes[i], options);
        tare__json_append(json, array, object);
    }
    return array;
}

static json_t *expectations(struct tare__json *json, const struct tare__snapshot *snapshot)
{
    json_t *array = json_array();
    for (size_t i = 0; i < snapshot->expectation_count; i++) {
        const struct tare__expectation *one = &snapshot->expectations[i];
        json_t *object = json_object();
        tare__json_set(json, object, "expression", tare__json_string(one->expression));
        tare__json_set(json, object, "statistic", json_string(one->statistic->name));
        tare__json_set(json, object, "relation", json_string(one->relation->sign));
        tare__json_set(json, object, "expected", json_integer(one->value));
        tare__json_set(json, object, "actual", json_integer(one->actual));
        tare__json_set(json, object, "holds", json_boolean(one->holds));
        tare__json_append(json, array, object);
    }
    return array;
}

static void set_run(struct tare__json *json, json_t *object, const struct tare__snapshot *snapshot,
                    const struct tare__report_options *options)
{
    if (snapshot->signal != 0)
        tare__json_set(json, object, "signal", json_integer(snapshot->signal));
    else if (snapshot->end_known)
        tare__json_set(json, object, "exit_status", json_integer(snapshot->exit_status));
    tare__json_set(json, object, "processes", processes(json, snapshot, options));
    tare__json_set(json, object, "children_lost", tare__json_number(tare__snapshot_children_lost(snapshot)));
    tare__json_set(json, object, "records_refused", tare__json_number(snapshot->refused_count));
    if (snapshot->record != NULL)
        tare__json_set(json, object, "record", tare__json_string(snapshot->record));
    if (snapshot->expectation_count > 0)
        tare__json_set(json, object, "expectations", expectations(json, snapshot));
}

int tare__summary_json(const struct tare__snapshot *snapshot, const struct tare__report_options *options, FILE *out)
{
    struct tare__json json = {false};
    json_t *object = json_object();
    set_process(&json, object, &snapshot->processes[snapshot->main], options);
    set_run(&json, object, snapshot, options);
    return tare__json_write(&json, object, out);
}
