/* SPDX-License-Identifier: MIT */
/*
 * The process may still write. It writes a frame before a site that begins there,
 * and a module before its frames; so sites are copied first and modules last, and
 * of the frames only those are looked at that a site leads to: all of them are there.
 */
#include "origins.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "grow.h"
#include "origins_parts.h"
#include "string_pool.h"

int tare__damaged(struct tare__building *building, const struct tare__records *records, const char *what, uint32_t id,
                  const char *problem)
{
    return tare__refuse(building->refusal, EBADMSG, "it is damaged: %s %" PRIu32 " at offset %" PRIu64 ": %s", what, id,
                        tare__records_offset(records, id), problem);
}

/* ---- Modules -------------------------------------------------------------- */

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL || slash[1] == '\0' ? path : slash + 1;
}

static const char *module_problem(const struct tare__module *module)
{
    if (memchr(module->path, '\0', sizeof module->path) == NULL)
        return "its path has no end";
    if (module->build_id_bytes > sizeof module->build_id)
        return "its build ID is too long";
    return module->low < module->end ? NULL : "its addresses can't be";
}

static int add_module(struct tare__building *building, uint32_t id)
{
    struct tare__origins *origins = building->origins;
    const struct tare__module *module = tare__records_at(&building->modules, id);
    const char *problem = module_problem(module);
    if (problem != NULL)
        return tare__damaged(building, &building->modules, "module", id, problem);
    const char *path = tare__strings_add(origins->strings, module->path);
    if (path == NULL)
        return tare__refuse_memory(building->refusal);
    struct tare__snapshot_module *modules = tare__grow(origins->modules, origins->module_count, sizeof *modules);
    if (modules == NULL)
        return tare__refuse_memory(building->refusal);
    origins->modules = modules;
    struct tare__snapshot_module *added = &modules[origins->module_count];
    *added = (struct tare__snapshot_module){
        .low = module->low,
        .end = module->end,
        .bias = module->bias,
        .load_epoch = module->load_epoch,
        .is_program = module->is_program != 0,
        .path = path,
        .name = last_part(path),
        .build_id_bytes = module->build_id_bytes,
        .problem = module->path_cut != 0 ? "has a path longer than a record keeps" : NULL,
    };
    memcpy(added->build_id, module->build_id, module->build_id_bytes);
    *tare__records_note(&building->modules, id) = (uint32_t)origins->module_count++;
    return 0;
}

static int add_modules(struct tare__building *building)
{
    int error = 0;
    for (uint32_t id = 0; error == 0 && (id = tare__records_next(&building->modules, id)) != 0;)
        error = add_module(building, id);
    return error;
}

/* ---- The timeline --------------------------------------------------------- */

/* Dropping every second point moves those that stay; a process that was killed in
 * the middle leaves some twice. */
static void add_points(struct tare__origins *origins, const struct tare__timeline *timeline)
{
    for (uint32_t i = 0; i < timeline->count; i++) {
        const struct tare__point *point = &timeline->points[i];
        if (origins->point_count == 0 || point->time_ns > origins->points[origins->point_count - 1].time_ns)
            origins->points[origins->point_count++] =
                (struct tare__snapshot_point){point->time_ns, point->live_bytes, point->peak_bytes};
    }
}

static int copy_timeline(struct tare__timeline *timeline, const struct tare__view *view, struct tare__refusal *refusal)
{
    enum { TRIES = 1000 };
    for (int i = 0; i < TRIES && (i == 0 || timeline->writing != 0); i++)
        if (!tare__view_copy(view, offsetof(struct tare__store, timeline), timeline, sizeof *timeline))
            return tare__refuse(refusal, EBADMSG, "it became truncated");
    if (timeline->count <= TARE__TIMELINE_POINTS)
        return 0;
    return tare__refuse(refusal, EBADMSG, "it is damaged at offset %zu: %" PRIu32 " points of time",
                        offsetof(struct tare__store, timeline), timeline->count);
}

static int read_timeline(struct tare__building *building, const struct tare__view *view)
{
    struct tare__timeline *timeline = calloc(1, sizeof *timeline);
    struct tare__origins *origins = building->origins;
    origins->points = calloc(TARE__TIMELINE_POINTS, sizeof *origins->points);
    if (timeline == NULL || origins->points == NULL) {
        free(timeline);
        return tare__refuse_memory(building->refusal);
    }
    int error = copy_timeline(timeline, view, building->refusal);
    if (error == 0)
        add_points(origins, timeline);
    free(timeline);
    return error;
}

/* ---- All of it ------------------------------------------------------------ */

/* With index 0, which is none. */
static int make_empty(struct tare__building *building)
{
    struct tare__origins *origins = building->origins;
    *origins = (struct tare__origins){
        .strings = tare__strings_new(),
        .modules = calloc(1, sizeof *origins->modules),
        .module_count = 1,
        .frames = calloc(1, sizeof *origins->frames),
        .frame_count = 1,
    };
    if (origins->strings == NULL || origins->modules == NULL || origins->frames == NULL)
        return tare__refuse_memory(building->refusal);
    origins->modules[0].path = origins->modules[0].name = "";
    return 0;
}

static int build(struct tare__building *building, struct tare__view *view, const struct tare__store *store)
{
    int error = make_empty(building);
    if (error == 0)
        error = tare__records_read(&building->sites, view, store, TARE__PIECE_SITES, building->refusal);
    if (error == 0)
        error = tare__records_read(&building->frames, view, store, TARE__PIECE_FRAMES, building->refusal);
    if (error == 0)
        error = tare__records_read(&building->modules, view, store, TARE__PIECE_MODULES, building->refusal);
    if (error == 0)
        error = add_modules(building);
    if (error == 0)
        error = tare__add_stacks(building);
    if (error == 0)
        error = tare__add_sites(building);
    return error == 0 ? read_timeline(building, view) : error;
}

int tare__origins_read(struct tare__origins *origins, struct tare__view *view, const struct tare__store *store,
                       int64_t peak, const tare_stats *stats, struct tare__refusal *refusal)
{
    struct tare__building building = {.origins = origins, .peak = peak, .refusal = refusal};
    int error = build(&building, view, store);
    tare__records_free(&building.sites);
    tare__records_free(&building.frames);
    tare__records_free(&building.modules);
    tare__table_free(&building.known_frames);
    free(building.pending);
    free(building.first_sites);
    if (error != 0) {
        tare__origins_free(origins);
        return error;
    }
    tare__finish_sites(origins, stats);
    return 0;
}
