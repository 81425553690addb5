/* SPDX-License-Identifier: MIT */
/*
 * What changed as a flame graph. The profiles of both processes become one, of the
 * types "before" and "after". So that the same function of two builds is one, modules
 * go by their names without versions, the program by one name, and addresses are those
 * in files.
 */
#include <errno.h>
#include <string.h>

#include "diff.h"
#include "flame.h"
#include "frame_name.h"
#include "profile_of_snapshot.h"
#include "value_words.h"

static bool is_program(const struct tare__process *process, const char *path)
{
    for (size_t i = 1; i < process->origins.module_count; i++)
        if (process->origins.modules[i].is_program && strcmp(process->origins.modules[i].path, path) == 0)
            return true;
    return false;
}

static const char *program_name(const struct tare__process *process)
{
    for (size_t i = 1; i < process->origins.module_count; i++)
        if (process->origins.modules[i].is_program)
            return process->origins.modules[i].name;
    return "program";
}

/* libz.so of /lib/libz.so.1. */
static const char *lasting_name(struct tare__profile *profile, const char *path)
{
    char name[256];
    const char *last = tare__path_name(path), *version = strstr(last, ".so");
    size_t length = version != NULL ? (size_t)(version - last) + strlen(".so") : strlen(last);
    snprintf(name, sizeof name, "%.*s", (int)length, last);
    return tare__profile_text(profile, name);
}

/* 0 or ENOMEM. From then on nothing can be added to it. */
static int make_lasting(struct tare__profile *profile, const struct tare__process *process, const char *program)
{
    for (size_t i = 0; i < profile->frame_count; i++) {
        struct tare__profile_frame *frame = &profile->frames[i];
        if (frame->module != TARE__NONE)
            frame->address += profile->modules[frame->module].offset - profile->modules[frame->module].low;
        if (frame->function != NULL)
            frame->address = 0;
    }
    for (size_t i = 0; i < profile->module_count; i++) {
        const char *path = profile->modules[i].path;
        path = is_program(process, path) ? tare__profile_text(profile, program) : lasting_name(profile, path);
        if (path == NULL)
            return ENOMEM;
        profile->modules[i] = (struct tare__profile_module){.path = path, .end = UINT64_MAX};
    }
    return 0;
}

static void keep_type(struct tare__profile *profile, size_t type, const struct tare__profile_type *as)
{
    for (size_t i = 0; i < profile->sample_count; i++)
        profile->values[i] = profile->values[i * profile->type_count + type];
    profile->types[0] = *as;
    profile->type_count = 1;
    profile->default_type = 0;
}

static int add_side(struct tare__profile *both, const struct tare__diff_report *report, int side)
{
    struct tare__profile profile;
    const struct tare__process *process = report->diff->processes[side];
    int error = tare__profile_of_process(NULL, process, &profile);
    if (error == 0)
        error = make_lasting(&profile, process, program_name(report->diff->processes[TARE__AFTER]));
    if (error == 0) {
        keep_type(&profile, tare__report_type(&report->options, &profile), &both->types[side]);
        error = tare__profile_merge(both, &profile);
    }
    tare__profile_free(&profile);
    return error;
}

int tare__diff_svg(const struct tare__diff_report *report, FILE *out)
{
    const struct tare__metric *metric = report->options.metric != NULL ? report->options.metric : &tare__metrics[0];
    const char *unit = metric->figure->unit;
    const struct tare__profile_type types[TARE__SIDES] = {{"before", unit}, {"after", unit}};
    struct tare__profile both;
    int error = tare__profile_init(&both, types, TARE__SIDES);
    for (int side = 0; side < TARE__SIDES && error == 0; side++)
        error = add_side(&both, report, side);
    const struct tare__flame_request request = {
        .profile = &both,
        .type = TARE__BEFORE,
        .upward = report->options.upward,
        .processes = {report->diff->processes[TARE__BEFORE], report->diff->processes[TARE__AFTER]},
        .difference = true,
        .after = TARE__AFTER,
        .meaning = metric->meaning,
        .unit = unit,
        .sources = {report->paths[TARE__BEFORE], report->paths[TARE__AFTER]},
    };
    if (error == 0)
        error = tare__flame_write(&request, out);
    tare__profile_free(&both);
    return error;
}
