/* SPDX-License-Identifier: MIT */
/*
 * A run's summary as one JSON object. The main process's keys are at the top;
 * "processes" holds the others, with the same keys. Jansson keeps the rules of
 * JSON; ours is that every string is made valid UTF-8 before it goes in.
 */
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "phrase.h"
#include "stats.h"
#include "summary.h"

/* Jansson takes NULL values without a crash and says so at the end, so that one
 * look at `failed` is enough. */
struct builder {
    bool failed;
};

static void set(struct builder *builder, json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value) != 0)
        builder->failed = true;
}

static void append(struct builder *builder, json_t *array, json_t *value)
{
    if (json_array_append_new(array, value) != 0)
        builder->failed = true;
}

static json_t *number(uint64_t value)
{
    return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

/* Each byte that is no UTF-8 becomes U+FFFD. */
static json_t *string(const char *text)
{
    static const char replacement[] = "\xef\xbf\xbd";
    char *valid = malloc(strlen(text) * (sizeof replacement - 1) + 1);
    if (valid == NULL)
        return NULL;
    char *at = valid;
    while (*text != '\0') {
        size_t length = tare__utf8_length(text);
        size_t bytes = length > 0 ? length : sizeof replacement - 1;
        memcpy(at, length > 0 ? text : replacement, bytes);
        at += bytes;
        text += length > 0 ? length : 1;
    }
    json_t *value = json_stringn(valid, (size_t)(at - valid));
    free(valid);
    return value;
}

static json_t *command(struct builder *builder, const struct tare__process *process)
{
    json_t *array = json_array();
    const char *argument = NULL;
    while ((argument = tare__process_argument(process, argument)) != NULL)
        append(builder, array, string(argument));
    return array;
}

static json_t *inexact(struct builder *builder, uint32_t bits)
{
    json_t *array = json_array();
    for (int i = 0; i < TARE_INEXACT_COUNT; i++)
        if (bits & (1u << i))
            append(builder, array, json_string(tare__inexact_name(1u << i)));
    return array;
}

static json_t *histogram(struct builder *builder, const struct tare__process *process)
{
    json_t *array = json_array();
    for (size_t i = 0; i < process->size_count; i++) {
        json_t *range = json_object();
        set(builder, range, "low", number(process->sizes[i].low));
        set(builder, range, "high", number(process->sizes[i].high));
        set(builder, range, "allocations", number(process->sizes[i].allocations));
        append(builder, array, range);
    }
    return array;
}

static void set_process(struct builder *builder, json_t *object, const struct tare__process *process)
{
    for (size_t i = 0; i < tare__statistic_count; i++)
        set(builder, object, tare__statistics[i].name,
            json_integer(tare__statistic_value(&tare__statistics[i], &process->stats)));
    set(builder, object, "inexact", inexact(builder, process->stats.inexact));
    set(builder, object, "histogram", histogram(builder, process));
    set(builder, object, "runtime_blocks", number(process->runtime_blocks));
    set(builder, object, "runtime_bytes", number(process->runtime_bytes));
    set(builder, object, "pid", json_integer(process->pid));
    set(builder, object, "parent_pid", json_integer(process->parent_pid));
    set(builder, object, "forked", json_boolean(process->forked));
    set(builder, object, "running", json_boolean(process->running));
    set(builder, object, "command", command(builder, process));
    set(builder, object, "command_cut", json_boolean(process->command_cut));
    set(builder, object, "mode", string(process->mode));
    set(builder, object, "allocator", string(process->allocator));
}

static json_t *processes(struct builder *builder, const struct tare__snapshot *snapshot)
{
    json_t *array = json_array();
    for (size_t i = 0; i < snapshot->process_count; i++) {
        if (i == snapshot->main)
            continue;
        json_t *object = json_object();
        set_process(builder, object, &snapshot->processes[i]);
        append(builder, array, object);
    }
    return array;
}

static json_t *expectations(struct builder *builder, const struct tare__snapshot *snapshot)
{
    json_t *array = json_array();
    for (size_t i = 0; i < snapshot->expectation_count; i++) {
        const struct tare__expectation *one = &snapshot->expectations[i];
        json_t *object = json_object();
        set(builder, object, "expression", string(one->expression));
        set(builder, object, "statistic", json_string(one->statistic->name));
        set(builder, object, "relation", json_string(one->relation->sign));
        set(builder, object, "expected", json_integer(one->value));
        set(builder, object, "actual", json_integer(one->actual));
        set(builder, object, "holds", json_boolean(one->holds));
        append(builder, array, object);
    }
    return array;
}

static void set_run(struct builder *builder, json_t *object, const struct tare__snapshot *snapshot)
{
    if (snapshot->signal != 0)
        set(builder, object, "signal", json_integer(snapshot->signal));
    else
        set(builder, object, "exit_status", json_integer(snapshot->exit_status));
    set(builder, object, "processes", processes(builder, snapshot));
    set(builder, object, "children_lost", number(tare__snapshot_children_lost(snapshot)));
    set(builder, object, "records_refused", number(snapshot->refused_count));
    if (snapshot->expectation_count > 0)
        set(builder, object, "expectations", expectations(builder, snapshot));
}

int tare__summary_json(const struct tare__snapshot *snapshot, FILE *out)
{
    struct builder builder = {false};
    json_t *object = json_object();
    set_process(&builder, object, &snapshot->processes[snapshot->main]);
    set_run(&builder, object, snapshot);
    if (!builder.failed) {
        json_dumpf(object, out, JSON_INDENT(2));
        fputc('\n', out);
    }
    json_decref(object);
    return builder.failed ? ENOMEM : 0;
}
