/* SPDX-License-Identifier: MIT */
/* A last line that was not written whole is cut off. Addresses are kept by module and offset; a stack of a
 * module that is not there any more has none. */
#include "oom_log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "json.h"
#include "oom_merge.h"

struct tare__oom_log {
    const char *path;
    FILE *file;
    int error;
};

/* ---- Writing --------------------------------------------------------------------- */

static json_t *command_of(const struct tare__oom *oom)
{
    json_t *command = json_array();
    for (char *const *argument = oom->options.arguments; *argument != NULL; argument++)
        json_array_append_new(command, tare__json_string(*argument));
    return json_pack("{s:i, s:o, s:b, s:b}", "tare_oom", 1, "command", command, "allocations", oom->options.by_ordinal,
                     "everywhere", oom->options.everywhere);
}

static void write_line(struct tare__oom_log *log, json_t *object)
{
    errno = 0;
    if (object == NULL || json_dumpf(object, log->file, JSON_COMPACT) != 0 || fputc('\n', log->file) == EOF ||
        fflush(log->file) != 0)
        log->error = errno != 0 ? errno : ENOMEM;
    json_decref(object);
}

static json_t *stack_of(const struct tare__faults *faults, const struct tare__fault_stack *stack)
{
    json_t *frames = json_array();
    for (uint32_t i = 0; i < stack->count; i++) {
        const struct tare__fault_module *module = tare__oom_module_of(faults, stack->addresses[i], stack->image);
        json_array_append_new(
            frames, json_pack("{s:o, s:I}", "module", tare__json_string(module != NULL ? module->path : ""), "offset",
                              (json_int_t)(stack->addresses[i] - (module != NULL ? module->bias : 0))));
    }
    return frames;
}

static json_t *leaks_of(const struct tare__faults *faults, const struct tare__fault_run *run)
{
    json_t *leaks = json_array();
    for (uint32_t i = 0; i < run->leak_count && i < TARE__FAULT_LEAKS; i++)
        json_array_append_new(
            leaks, json_pack("{s:I, s:I, s:I}", "id", (json_int_t)faults->points[run->leaks[i].point].id, "blocks",
                             (json_int_t)run->leaks[i].blocks, "bytes", (json_int_t)run->leaks[i].bytes));
    return leaks;
}

void tare__oom_log_add(struct tare__oom_log *log, const struct tare__oom *oom, uint32_t point, int mode)
{
    const struct tare__fault_run *run = &oom->faults->points[point].runs[mode];
    write_line(log, json_pack("{s:I, s:i, s:i, s:i, s:i, s:i, s:I, s:i, s:i, s:i, s:o, s:o}", "id",
                              (json_int_t)oom->faults->points[point].id, "mode", mode, "verdict", (int)run->verdict,
                              "why", (int)run->why, "status", (int)run->status, "ms", (int)run->ms, "fired",
                              (json_int_t)run->fired, "bad_frees", (int)run->bad_frees, "image", (int)run->stack.image,
                              "truncated", (int)run->stack.truncated, "stack", stack_of(oom->faults, &run->stack),
                              "leaks", leaks_of(oom->faults, run)));
}

/* ---- Reading --------------------------------------------------------------------- */

static struct tare__fault_point *chosen_of(const struct tare__oom *oom, uint64_t id)
{
    for (size_t i = 0; i < oom->chosen_count; i++)
        if (oom->faults->points[oom->chosen[i]].id == id)
            return &oom->faults->points[oom->chosen[i]];
    return NULL;
}

static void take_stack(const struct tare__faults *faults, const json_t *frames, struct tare__fault_stack *stack)
{
    size_t at;
    const json_t *frame;
    json_array_foreach(frames, at, frame)
    {
        const char *path = "";
        json_int_t offset = 0;
        if (stack->count == TARE__FAULT_FRAMES ||
            json_unpack((json_t *)frame, "{s:s, s:I}", "module", &path, "offset", &offset) != 0)
            return;
        uint64_t bias = 0;
        for (uint32_t i = 0; i < faults->module_count; i++)
            if (faults->modules[i].image == stack->image && strcmp(faults->modules[i].path, path) == 0)
                bias = faults->modules[i].bias;
        stack->addresses[stack->count++] = bias + (uint64_t)offset;
    }
}

static void take_leaks(const struct tare__oom *oom, const json_t *leaks, struct tare__fault_run *run)
{
    size_t at;
    const json_t *leak;
    json_array_foreach(leaks, at, leak)
    {
        json_int_t id, blocks, bytes;
        if (run->leak_count == TARE__FAULT_LEAKS ||
            json_unpack((json_t *)leak, "{s:I, s:I, s:I}", "id", &id, "blocks", &blocks, "bytes", &bytes) != 0)
            return;
        for (uint32_t i = 0; i < oom->faults->point_count; i++)
            if (oom->faults->points[i].id == (uint64_t)id) {
                run->leaks[run->leak_count++] = (struct tare__fault_leak){i, blocks, bytes};
                run->leaked_blocks += blocks;
                run->leaked_bytes += bytes;
                break;
            }
    }
}

static bool take_line(struct tare__oom *oom, const char *text)
{
    json_t *line = json_loads(text, 0, NULL), *stack = NULL, *leaks = NULL;
    json_int_t id, fired;
    int mode, verdict, why, status, ms, bad_frees, image, truncated;
    bool good =
        json_unpack(line, "{s:I, s:i, s:i, s:i, s:i, s:i, s:I, s:i, s:i, s:i, s:o, s:o}", "id", &id, "mode", &mode,
                    "verdict", &verdict, "why", &why, "status", &status, "ms", &ms, "fired", &fired, "bad_frees",
                    &bad_frees, "image", &image, "truncated", &truncated, "stack", &stack, "leaks", &leaks) == 0 &&
        mode >= 0 && mode < TARE__FAULT_MODES && why >= 0 && why < TARE__WHYS && verdict > 0 &&
        verdict < TARE__OOM_VERDICTS;
    struct tare__fault_point *point = good ? chosen_of(oom, (uint64_t)id) : NULL;
    if (point != NULL && (oom->options.modes >> mode & 1) != 0 && point->runs[mode].verdict == TARE__VERDICT_NONE) {
        struct tare__fault_run *run = &point->runs[mode];
        *run = (struct tare__fault_run){.verdict = (uint32_t)verdict,
                                        .why = (uint32_t)why,
                                        .status = status,
                                        .ms = (uint32_t)ms,
                                        .fired = (uint64_t)fired,
                                        .bad_frees = (uint32_t)bad_frees};
        run->stack.image = (uint16_t)image;
        run->stack.truncated = (uint16_t)truncated;
        take_stack(oom->faults, stack, &run->stack);
        take_leaks(oom, leaks, run);
        oom->runs_done++;
        oom->runs_failed += tare__oom_is_bad(tare__oom_verdict(oom, run));
        oom->resumed++;
    }
    json_decref(line);
    return good;
}

/* NULL at the end, and for a last line that is not whole. */
static char *next_line(FILE *file, char **line, size_t *room, long *at)
{
    *at = ftell(file);
    ssize_t length = getline(line, room, file);
    if (length <= 0 || (*line)[length - 1] != '\n')
        return NULL;
    (*line)[length - 1] = '\0';
    return *line;
}

static int read_lines(struct tare__oom_log *log, struct tare__oom *oom)
{
    char *line = NULL;
    size_t room = 0, number = 1;
    long at = 0;
    bool good = next_line(log->file, &line, &room, &at) != NULL;
    while (good && next_line(log->file, &line, &room, &at) != NULL) {
        number++;
        good = take_line(oom, line);
    }
    free(line);
    if (!good)
        return tare__complain(TARE__EXIT_UNABLE, "oom: %s: line %zu is no result of a sweep", log->path, number);
    if (ftruncate(fileno(log->file), at) != 0 || fseek(log->file, at, SEEK_SET) != 0)
        return tare__complain(TARE__EXIT_UNABLE, "oom: can't write %s: %s", log->path, strerror(errno));
    return 0;
}

int tare__oom_log_read(struct tare__oom_log *log, struct tare__oom *oom)
{
    rewind(log->file);
    return read_lines(log, oom);
}

/* ---- The file -------------------------------------------------------------------- */

/* The first line of one that is there must be this command's. */
static int check(struct tare__oom_log *log, const struct tare__oom *oom)
{
    char *line = NULL;
    size_t room = 0;
    long at;
    json_t *mine = command_of(oom), *theirs = NULL;
    int status = 0;
    if (next_line(log->file, &line, &room, &at) != NULL)
        theirs = json_loads(line, 0, NULL);
    else if (fseek(log->file, 0, SEEK_END) == 0 && ftell(log->file) == 0)
        write_line(log, json_incref(theirs = json_incref(mine)));
    if (json_object_get(theirs, "tare_oom") == NULL)
        status = tare__complain(TARE__EXIT_USAGE, "oom: --resume: %s is no file of results", log->path);
    else if (!json_equal(mine, theirs))
        status =
            tare__complain(TARE__EXIT_USAGE, "oom: --resume: %s has results of another command: %s", log->path, line);
    json_decref(mine);
    json_decref(theirs);
    free(line);
    return status;
}

int tare__oom_log_open(struct tare__oom_log **log, const struct tare__oom *oom)
{
    static struct tare__oom_log the_log;
    the_log = (struct tare__oom_log){.path = oom->options.resume_path};
    the_log.file = fopen(the_log.path, "r+e");
    if (the_log.file == NULL && errno == ENOENT)
        the_log.file = fopen(the_log.path, "w+xe");
    if (the_log.file == NULL)
        return tare__complain(TARE__EXIT_UNABLE, "oom: can't write %s: %s", the_log.path, strerror(errno));
    *log = &the_log;
    return check(&the_log, oom);
}

int tare__oom_log_close(struct tare__oom_log *log)
{
    if (fclose(log->file) != 0 && log->error == 0)
        log->error = errno;
    return log->error;
}
