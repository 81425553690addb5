/* SPDX-License-Identifier: MIT */
/* Types come from one list, which says of each what a site has of it and what the
 * sites together lack. */
#include "profile_of_snapshot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metric.h"
#include "phrase.h"
#include "stack_view.h"

/* name, unit, of a site, of all without a site; `leak` is 1 for a site that is one */
#define TYPES(X)                                                                                                       \
    X(alloc_objects, "count", (int64_t)site->allocations, origins->siteless_allocations)                               \
    X(alloc_space, "bytes", (int64_t)site->bytes_allocated, origins->siteless_bytes)                                   \
    X(inuse_objects, "count", site->live_blocks, origins->siteless_live_blocks)                                        \
    X(inuse_space, "bytes", site->live_bytes, origins->siteless_live_bytes)                                            \
    X(peak_objects, "count", site->peak_blocks, 0)                                                                     \
    X(peak_space, "bytes", site->peak_bytes, origins->siteless_peak_bytes)                                             \
    X(leaked_objects, "count", leak * site->live_blocks, origins->siteless_live_blocks)                                \
    X(leaked_space, "bytes", leak * site->live_bytes, origins->siteless_live_bytes)                                    \
    X(temporary_objects, "count", (int64_t)site->temporary, 0)                                                         \
    X(reallocations, "count", (int64_t)site->reallocations, siteless_reallocations(process))

enum {
#define NUMBER(name, unit, of_site, siteless) TYPE_##name,
    TYPES(NUMBER)
#undef NUMBER
        TYPE_COUNT
};

static const struct tare__profile_type types[] = {
#define ROW(name, unit, of_site, siteless) {#name, unit},
    TYPES(ROW)
#undef ROW
};

static void values_of_site(const struct tare__snapshot_site *site, int64_t values[TYPE_COUNT])
{
    const int64_t leak = tare__site_is_leak(site);
#define VALUE(name, unit, of_site, siteless) values[TYPE_##name] = of_site;
    TYPES(VALUE)
#undef VALUE
}

static int64_t siteless_reallocations(const struct tare__process *process)
{
    uint64_t all = process->stats.reallocations;
    for (size_t i = 0; i < process->origins.site_count; i++)
        all -= process->origins.sites[i].reallocations;
    return (int64_t)all;
}

static bool siteless_values(const struct tare__process *process, int64_t values[TYPE_COUNT])
{
    const struct tare__origins *origins = &process->origins;
#define VALUE(name, unit, of_site, siteless) values[TYPE_##name] = siteless;
    TYPES(VALUE)
#undef VALUE
    bool any = false;
    for (size_t i = 0; i < TYPE_COUNT; i++)
        any |= values[i] != 0;
    return any;
}

/* ---- Modules ---------------------------------------------------------------- */

struct making {
    const struct tare__origins *origins;
    struct tare__profile *profile;
    uint32_t *modules; /* of each of origins', in profile */
    uint32_t *frames;  /* of the stack at hand, the innermost first */
    size_t frame_count, frame_room;
};

static bool add_modules(struct making *making)
{
    for (size_t i = 1; i < making->origins->module_count; i++) {
        const struct tare__snapshot_module *module = &making->origins->modules[i];
        char build_id[2 * sizeof module->build_id + 1] = "";
        for (uint32_t k = 0; k < module->build_id_bytes && k < sizeof module->build_id; k++)
            snprintf(build_id + 2 * (size_t)k, 3, "%02x", module->build_id[k]);
        const struct tare__profile_module same = {.path = module->path,
                                                  .build_id = *build_id != '\0' ? build_id : NULL,
                                                  .low = module->low, /* where its ELF header is */
                                                  .end = module->end};
        if ((making->modules[i] = tare__profile_add_module(making->profile, &same)) == TARE__NONE)
            return false;
    }
    return true;
}

/* ---- Stacks ----------------------------------------------------------------- */

static uint32_t add_marker(struct tare__profile *profile, const char *text)
{
    return tare__profile_add_frame(profile, &(struct tare__profile_frame){.function = text, .module = TARE__NONE});
}

static uint32_t add_line(const struct making *making, const struct tare__stack_line *line)
{
    if (line->truncated) {
        char text[128];
        snprintf(text, sizeof text, "[truncated: %s]", tare__truncation_text(line->frame->address));
        return add_marker(making->profile, text);
    }
    struct tare__profile_frame frame = {.module = TARE__NONE, .address = line->frame->address};
    if (line->module != NULL)
        frame.module = making->modules[line->module - making->origins->modules];
    if (line->place != NULL) {
        frame.function = line->place->function;
        frame.file = line->place->file;
        frame.line = line->place->line;
        frame.inlined = line->place->inlined;
    }
    return tare__profile_add_frame(making->profile, &frame);
}

static bool keep_frame(struct making *making, uint32_t frame)
{
    if (making->frame_count == making->frame_room) {
        size_t room = making->frame_room == 0 ? 64 : 2 * making->frame_room;
        uint32_t *frames = reallocarray(making->frames, room, sizeof *frames);
        if (frames == NULL)
            return false;
        making->frames = frames;
        making->frame_room = room;
    }
    making->frames[making->frame_count++] = frame;
    return frame != TARE__NONE;
}

/* TARE__NONE where there is no memory. */
static uint32_t add_stack(struct making *making, uint32_t of)
{
    struct tare__stack_view view = tare__stack_view(making->origins, of);
    struct tare__stack_line line;
    uint32_t stack = 0;
    making->frame_count = 0;
    while (tare__stack_view_next(&view, &line))
        if (!line.hidden && !keep_frame(making, add_line(making, &line)))
            return TARE__NONE;
    if (making->frame_count == 0 && !keep_frame(making, add_marker(making->profile, "[no call stack]")))
        return TARE__NONE;
    for (size_t i = making->frame_count; stack != TARE__NONE && i-- > 0;)
        stack = tare__profile_add_stack(making->profile, stack, making->frames[i]);
    return stack;
}

/* ---- All of it ---------------------------------------------------------------- */

static uint32_t add_labels(struct tare__profile *profile, const struct tare__process *process)
{
    const struct tare__profile_label labels[] = {
        {.key = "pid", .number = process->pid},
        {.key = "scope", .text = process->scope_name},
    };
    return tare__profile_add_labels(profile, labels, process->is_scope ? 2 : 1);
}

static int add_samples(struct making *making, const struct tare__process *process)
{
    int64_t values[TYPE_COUNT];
    uint32_t labels = add_labels(making->profile, process);
    int error = labels == TARE__NONE ? ENOMEM : 0;
    for (size_t i = 0; error == 0 && i < process->origins.site_count; i++) {
        const struct tare__snapshot_site *site = &process->origins.sites[i];
        uint32_t stack = add_stack(making, site->stack);
        values_of_site(site, values);
        error = stack == TARE__NONE ? ENOMEM : tare__profile_add_sample(making->profile, stack, labels, values);
    }
    if (error != 0 || !siteless_values(process, values))
        return error;
    uint32_t stack = add_stack(making, 0);
    return stack == TARE__NONE ? ENOMEM : tare__profile_add_sample(making->profile, stack, labels, values);
}

static int describe(struct tare__profile *profile, const struct tare__process *process)
{
    enum { COLUMNS = 200 };
    char line[TARE__COMMAND_LINE_BYTES];
    const struct tare__origins *origins = &process->origins;
    bool named = process->is_scope && *process->scope_name != '\0';
    profile->title =
        tare__profile_text(profile, named ? process->scope_name : tare__command_line(line, process, COLUMNS));
    profile->time_ns = process->started_ns;
    if (origins->point_count > 0)
        profile->duration_ns = origins->points[origins->point_count - 1].time_ns;
    return profile->title != NULL ? 0 : ENOMEM;
}

int tare__profile_of_process(const struct tare__snapshot *snapshot, const struct tare__process *process,
                             struct tare__profile *profile)
{
    int error = tare__profile_init(profile, types, TYPE_COUNT);
    struct making making = {.origins = &process->origins, .profile = profile};
    making.modules = calloc(process->origins.module_count > 0 ? process->origins.module_count : 1, sizeof(uint32_t));
    if (error == 0 && (making.modules == NULL || !add_modules(&making)))
        error = ENOMEM;
    if (error == 0)
        error = describe(profile, process);
    if (error == 0)
        error = add_samples(&making, process);
    profile->default_type = TYPE_alloc_space;
    profile->snapshot = snapshot;
    free(making.modules);
    free(making.frames);
    return error;
}
