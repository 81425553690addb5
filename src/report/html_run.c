/* SPDX-License-Identifier: MIT */
/* What a recorded run has and another tool's profile has not. What text says of it is
 * taken line by line. */
#include <stdlib.h>
#include <string.h>

#include "html_parts.h"
#include "phrase.h"
#include "sites_text.h"
#include "summary.h"

enum { COMMAND_COLUMNS = 200, PROCESSES_MAX = 1000 };

/* The lines that a function writes, as strings. */
static json_t *lines_of(struct tare__json *json, void (*write)(const struct tare__snapshot *, FILE *),
                        const struct tare__snapshot *snapshot)
{
    json_t *list = json_array();
    char *text = NULL;
    size_t bytes;
    FILE *memory = open_memstream(&text, &bytes);
    if (memory != NULL)
        write(snapshot, memory);
    bool whole = memory != NULL && ferror(memory) == 0;
    if (memory == NULL || fclose(memory) != 0 || !whole || text == NULL) {
        json->failed = true;
        free(text);
        return list;
    }
    for (char *rest = text, *line; (line = strsep(&rest, "\n")) != NULL;)
        if (*line != '\0')
            tare__json_append(json, list, tare__json_string(line));
    free(text);
    return list;
}

static void write_pools(const struct tare__snapshot *snapshot, FILE *out)
{
    tare__report_pools(&snapshot->processes[snapshot->main], 0, out);
}

json_t *tare__html_warnings(struct tare__json *json, const struct tare__snapshot *snapshot)
{
    return snapshot == NULL ? json_array() : lines_of(json, tare__report_doubts, snapshot);
}

static json_t *statistics(struct tare__json *json, const struct tare__process *process)
{
    json_t *list = json_array();
    for (size_t i = 0; i < tare__statistic_count; i++) {
        const struct tare__statistic *statistic = &tare__statistics[i];
        json_t *object = json_object();
        tare__json_set(json, object, "name", json_string(statistic->name));
        tare__json_set(json, object, "value", tare__html_exact(tare__statistic_value(statistic, &process->stats)));
        tare__json_set(json, object, "meaning", json_string(statistic->meaning));
        tare__json_append(json, list, object);
    }
    return list;
}

static json_t *timeline(struct tare__json *json, const struct tare__origins *origins)
{
    json_t *object = json_object(), *time = json_array(), *live = json_array(), *peak = json_array();
    for (size_t i = 0; i < origins->point_count; i++) {
        tare__json_append(json, time, tare__html_exact((int64_t)origins->points[i].time_ns));
        tare__json_append(json, live, tare__html_exact(origins->points[i].live_bytes));
        tare__json_append(json, peak, tare__html_exact(origins->points[i].peak_bytes));
    }
    tare__json_set(json, object, "time_ns", time);
    tare__json_set(json, object, "live", live);
    tare__json_set(json, object, "peak", peak);
    return object;
}

static json_t *sizes(struct tare__json *json, const struct tare__process *process)
{
    json_t *list = json_array();
    for (size_t i = 0; i < process->size_count; i++) {
        json_t *range = json_array();
        tare__json_append(json, range, tare__html_exact((int64_t)process->sizes[i].low));
        tare__json_append(json, range, tare__html_exact((int64_t)process->sizes[i].high));
        tare__json_append(json, range, tare__html_exact((int64_t)process->sizes[i].allocations));
        tare__json_append(json, list, range);
    }
    return list;
}

static json_t *process_object(struct tare__json *json, const struct tare__process *process)
{
    char line[TARE__COMMAND_LINE_BYTES];
    json_t *object = json_object();
    tare__json_set(json, object, "pid", json_integer(process->pid));
    tare__json_set(json, object, "command", tare__json_string(tare__command_line(line, process, COMMAND_COLUMNS)));
    tare__json_set(json, object, "allocations", tare__html_exact((int64_t)process->stats.allocations));
    tare__json_set(json, object, "peak_bytes", tare__html_exact((int64_t)process->stats.peak_bytes));
    tare__json_set(json, object, "leaked_bytes", tare__html_exact((int64_t)process->stats.leaked_bytes));
    tare__json_set(json, object, "inexact", json_boolean(process->stats.inexact != 0));
    tare__json_set(json, object, "running", json_boolean(process->running));
    return object;
}

static json_t *others(struct tare__json *json, const struct tare__snapshot *snapshot)
{
    json_t *list = json_array();
    for (size_t i = 0; i < snapshot->process_count && json_array_size(list) < PROCESSES_MAX; i++)
        if (i != snapshot->main)
            tare__json_append(json, list, process_object(json, &snapshot->processes[i]));
    return list;
}

static void set_scope(struct tare__json *json, json_t *object, const struct tare__process *process)
{
    char place[sizeof process->scope_file + 16] = "";
    json_t *scope = json_object();
    if (*process->scope_file != '\0')
        snprintf(place, sizeof place, "%s:%u", process->scope_file, process->scope_line);
    tare__json_set(json, scope, "name", tare__json_string(process->scope_name));
    tare__json_set(json, scope, "place", tare__json_string(place));
    tare__json_set(json, object, "scope", scope);
}

static void set_end(struct tare__json *json, json_t *object, const struct tare__snapshot *snapshot)
{
    char text[128] = "";
    if (snapshot->signal != 0)
        snprintf(text, sizeof text, "killed by signal %d (%s)", snapshot->signal, strsignal(snapshot->signal));
    else if (snapshot->end_known)
        snprintf(text, sizeof text, "exit status %d", snapshot->exit_status);
    tare__json_set(json, object, "end", tare__json_string(text));
}

json_t *tare__html_run(struct tare__json *json, const struct tare__profile *profile)
{
    const struct tare__snapshot *snapshot = profile->snapshot;
    const struct tare__process *process = &snapshot->processes[snapshot->main];
    char line[TARE__COMMAND_LINE_BYTES];
    json_t *object = json_object();
    tare__json_set(json, object, "command", tare__json_string(tare__command_line(line, process, COMMAND_COLUMNS)));
    tare__json_set(json, object, "has_stacks", json_boolean(process->origins.site_count > 0));
    tare__json_set(json, object, "pid", json_integer(process->pid));
    tare__json_set(json, object, "mode", tare__json_string(process->mode));
    tare__json_set(json, object, "allocator", tare__json_string(process->allocator));
    tare__json_set(json, object, "running", json_boolean(process->running));
    tare__json_set(json, object, "exact", json_boolean(process->stats.inexact == 0));
    tare__json_set(json, object, "duration_ns", tare__html_exact((int64_t)profile->duration_ns));
    set_end(json, object, snapshot);
    if (process->is_scope)
        set_scope(json, object, process);
    tare__json_set(json, object, "statistics", statistics(json, process));
    tare__json_set(json, object, "notes", lines_of(json, write_pools, snapshot));
    tare__json_set(json, object, "timeline", timeline(json, &process->origins));
    tare__json_set(json, object, "sizes", sizes(json, process));
    tare__json_set(json, object, "processes", others(json, snapshot));
    tare__json_set(json, object, "process_count", tare__json_number(snapshot->process_count - 1));
    return object;
}
