/* SPDX-License-Identifier: MIT */
#include "sites_json.h"

#include <string.h>

#include "pieces.h"
#include "sites.h"
#include "stack_view.h"
#include "suppression.h"

static json_t *build_id(const struct tare__snapshot_module *module)
{
    char text[2 * sizeof module->build_id + 1] = "";
    for (uint32_t i = 0; i < module->build_id_bytes && i < sizeof module->build_id; i++)
        snprintf(text + 2 * (size_t)i, 3, "%02x", module->build_id[i]);
    return json_string(text);
}

static json_t *modules(struct tare__json *json, const struct tare__origins *origins)
{
    json_t *array = json_array();
    for (size_t i = 1; i < origins->module_count; i++) {
        const struct tare__snapshot_module *module = &origins->modules[i];
        json_t *object = json_object();
        tare__json_set(json, object, "path", tare__json_string(module->path));
        tare__json_set(json, object, "build_id", build_id(module));
        tare__json_set(json, object, "low", tare__json_address(module->low));
        tare__json_set(json, object, "end", tare__json_address(module->end));
        tare__json_set(json, object, "bias", tare__json_address(module->bias));
        tare__json_set(json, object, "load_epoch", tare__json_number(module->load_epoch));
        if (module->problem != NULL)
            tare__json_set(json, object, "problem", tare__json_string(module->problem));
        tare__json_append(json, array, object);
    }
    return array;
}

static json_t *timeline(struct tare__json *json, const struct tare__origins *origins)
{
    json_t *array = json_array();
    for (size_t i = 0; i < origins->point_count; i++) {
        json_t *object = json_object();
        tare__json_set(json, object, "time_ns", tare__json_number(origins->points[i].time_ns));
        tare__json_set(json, object, "live_bytes", json_integer(origins->points[i].live_bytes));
        tare__json_set(json, object, "peak_bytes", json_integer(origins->points[i].peak_bytes));
        tare__json_append(json, array, object);
    }
    return array;
}

/* ---- Stacks -------------------------------------------------------------- */

static void set_place(struct tare__json *json, json_t *object, const struct tare__place *place)
{
    if (place->function != NULL)
        tare__json_set(json, object, "function", tare__json_string(place->function));
    if (place->file != NULL)
        tare__json_set(json, object, "file", tare__json_string(place->file));
    if (place->line != 0)
        tare__json_set(json, object, "line", json_integer(place->line));
    tare__json_set(json, object, "inlined", json_boolean(place->inlined));
}

static json_t *stack_line(struct tare__json *json, const struct tare__stack_line *line)
{
    json_t *object = json_object();
    if (line->truncated) {
        tare__json_set(json, object, "truncated", json_string(tare__truncation_text(line->frame->address)));
        tare__json_set(json, object, "hidden", json_boolean(line->hidden));
        return object;
    }
    if (line->place != NULL)
        set_place(json, object, line->place);
    tare__json_set(json, object, "address", tare__json_address(line->frame->address));
    if (line->module != NULL) {
        tare__json_set(json, object, "module", tare__json_string(line->module->path));
        tare__json_set(json, object, "offset", tare__json_address(line->frame->address - line->module->bias));
    }
    tare__json_set(json, object, "hidden", json_boolean(line->hidden));
    return object;
}

/* A call from the same place again: recursion, which may be deep. */
static bool is_again(const struct tare__stack_line *before, const struct tare__stack_line *line)
{
    return before->frame != NULL && line->frame->place_count <= 1 && before->frame->address == line->frame->address &&
           before->module == line->module && !line->truncated && before->hidden == line->hidden;
}

json_t *tare__json_stack(struct tare__json *json, const struct tare__origins *origins, uint32_t stack)
{
    json_t *array = json_array(), *object = NULL;
    struct tare__stack_view view = tare__stack_view(origins, stack);
    struct tare__stack_line line, before = {0};
    for (json_int_t times = 1; tare__stack_view_next(&view, &line); before = line) {
        if (is_again(&before, &line)) {
            tare__json_set(json, object, "times", json_integer(++times));
            continue;
        }
        times = 1;
        tare__json_append(json, array, object = stack_line(json, &line));
    }
    return array;
}

/* ---- Sites --------------------------------------------------------------- */

static json_t *site_object(struct tare__json *json, const struct tare__origins *origins,
                           const struct tare__snapshot_site *site)
{
    json_t *object = json_object();
    for (size_t i = 0; i < tare__site_figure_count; i++)
        tare__json_set(json, object, tare__site_figures[i].key, json_integer(tare__site_figures[i].value(site)));
    const char *pool = tare__site_pool(origins, site);
    if (pool != NULL)
        tare__json_set(json, object, "pool", json_string(pool));
    if (site->suppressed_by != NULL)
        tare__json_set(json, object, "suppressed_by", tare__json_string(site->suppressed_by));
    tare__json_set(json, object, "stack", tare__json_stack(json, origins, site->stack));
    return object;
}

static json_t *sites(struct tare__json *json, const struct tare__process *process,
                     const struct tare__report_options *options)
{
    struct tare__ranking ranking;
    json_t *array = json_array();
    if (tare__sites_rank(process, options->metric, tare__report_order(options), &ranking) != 0)
        json->failed = true;
    size_t shown = options->top != 0 && options->top < ranking.count ? options->top : ranking.count;
    for (size_t i = 0; i < shown; i++)
        tare__json_append(json, array, site_object(json, &process->origins, ranking.sites[i]));
    tare__ranking_free(&ranking);
    return array;
}

static json_t *siteless(struct tare__json *json, const struct tare__origins *origins)
{
    json_t *object = json_object();
    tare__json_set(json, object, "allocations", json_integer(origins->siteless_allocations));
    tare__json_set(json, object, "bytes_allocated", json_integer(origins->siteless_bytes));
    tare__json_set(json, object, "live_blocks", json_integer(origins->siteless_live_blocks));
    tare__json_set(json, object, "live_bytes", json_integer(origins->siteless_live_bytes));
    tare__json_set(json, object, "peak_bytes", json_integer(origins->siteless_peak_bytes));
    return object;
}

void tare__json_set_origins(struct tare__json *json, json_t *object, const struct tare__process *process,
                            const struct tare__report_options *options)
{
    const struct tare__origins *origins = &process->origins;
    int64_t blocks, bytes;
    tare__suppressed(process, &blocks, &bytes);
    tare__json_set(json, object, "suppressed_allocations", json_integer(blocks));
    tare__json_set(json, object, "suppressed_bytes", json_integer(bytes));
    tare__json_set(json, object, "truncated_allocations", tare__json_number(origins->truncated_allocations));
    tare__json_set(json, object, "siteless", siteless(json, origins));
    tare__json_set(json, object, "site_count", tare__json_number(origins->site_count));
    tare__json_set(json, object, "sites", sites(json, process, options));
    tare__json_set(json, object, "modules", modules(json, origins));
    tare__json_set(json, object, "timeline", timeline(json, origins));
}
