/* SPDX-License-Identifier: MIT */
/*
 * profile.proto, by protobuf-c, in gzip. Each part is written as it is come by, so that
 * nothing but the text and what has got an id stays in memory. The same profile makes the
 * same bytes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "formats.h"
#include "pprof_out.h"

struct writing {
    const struct tare__profile *from;
    struct tare__pprof_out *out;
    struct tare__profile places; /* its frames are functions; its stacks locations, of frames by from's numbers */
    uint64_t *locations;         /* by stack of places; 0 for none */
    size_t location_room;
    uint64_t location_count;
    uint64_t *ids; /* of the stack at hand */
    size_t id_room;
};

/* Makes room for index; what is new is 0. */
static int make_room(uint64_t **array, size_t *room, size_t index)
{
    if (index < *room)
        return 0;
    size_t larger = 2 * index + 64;
    uint64_t *moved = reallocarray(*array, larger, sizeof **array);
    if (moved == NULL)
        return ENOMEM;
    memset(moved + *room, 0, (larger - *room) * sizeof **array);
    *array = moved;
    *room = larger;
    return 0;
}

/* ---- What samples refer to -------------------------------------------------------- */

static int write_types(struct writing *writing)
{
    int error = 0;
    for (size_t i = 0; error == 0 && i < writing->from->type_count; i++) {
        Tare__Pprof__ValueType type = TARE__PPROF__VALUE_TYPE__INIT, *types[] = {&type};
        Tare__Pprof__Profile part = TARE__PPROF__PROFILE__INIT;
        error = tare__pprof_text(writing->out, writing->from->types[i].name, &type.type);
        if (error == 0)
            error = tare__pprof_text(writing->out, writing->from->types[i].unit, &type.unit);
        part.n_sample_type = 1;
        part.sample_type = types;
        if (error == 0)
            error = tare__pprof_part(writing->out, &part);
    }
    return error;
}

/* pprof is told that all symbols there are have been looked up. */
static int write_modules(struct writing *writing)
{
    int error = 0;
    for (size_t i = 0; error == 0 && i < writing->from->module_count; i++) {
        const struct tare__profile_module *module = &writing->from->modules[i];
        Tare__Pprof__Mapping mapping = TARE__PPROF__MAPPING__INIT, *mappings[] = {&mapping};
        Tare__Pprof__Profile part = TARE__PPROF__PROFILE__INIT;
        mapping.id = i + 1;
        mapping.memory_start = module->low;
        mapping.memory_limit = module->end;
        mapping.file_offset = module->offset;
        mapping.has_functions = mapping.has_filenames = mapping.has_line_numbers = mapping.has_inline_frames = true;
        error = tare__pprof_text(writing->out, module->path, &mapping.filename);
        if (error == 0)
            error = tare__pprof_text(writing->out, module->build_id, &mapping.build_id);
        part.n_mapping = 1;
        part.mapping = mappings;
        if (error == 0)
            error = tare__pprof_part(writing->out, &part);
    }
    return error;
}

static int function_of(struct writing *writing, const struct tare__profile_frame *frame, uint64_t *id)
{
    const struct tare__profile_frame key = {.function = frame->function, .file = frame->file, .module = TARE__NONE};
    const size_t before = writing->places.frame_count;
    uint32_t index = tare__profile_add_frame(&writing->places, &key);
    *id = (uint64_t)index + 1;
    if (index == TARE__NONE)
        return ENOMEM;
    if (index < before)
        return 0;
    Tare__Pprof__Function function = TARE__PPROF__FUNCTION__INIT, *functions[] = {&function};
    Tare__Pprof__Profile part = TARE__PPROF__PROFILE__INIT;
    function.id = *id;
    int error = tare__pprof_text(writing->out, frame->function, &function.name);
    if (error == 0)
        error = tare__pprof_text(writing->out, frame->file, &function.filename);
    function.system_name = function.name;
    part.n_function = 1;
    part.function = functions;
    return error == 0 ? tare__pprof_part(writing->out, &part) : error;
}

/* Of the frames at one address, the innermost first. */
static int write_location(struct writing *writing, uint64_t id, uint32_t stack, size_t count)
{
    const struct tare__profile_frame *frame = &writing->from->frames[writing->from->stacks[stack].frame];
    Tare__Pprof__Line *lines = calloc(count, sizeof *lines), **pointers = calloc(count, sizeof(Tare__Pprof__Line *));
    Tare__Pprof__Location location = TARE__PPROF__LOCATION__INIT, *locations[] = {&location};
    Tare__Pprof__Profile part = TARE__PPROF__PROFILE__INIT;
    int error = lines == NULL || pointers == NULL ? ENOMEM : 0;
    location.id = id;
    location.mapping_id = frame->module != TARE__NONE ? (uint64_t)frame->module + 1 : 0;
    location.address = frame->address;
    for (size_t i = 0; error == 0 && i < count; i++, stack = writing->from->stacks[stack].parent) {
        frame = &writing->from->frames[writing->from->stacks[stack].frame];
        if (frame->function == NULL)
            continue;
        pointers[location.n_line] = &lines[location.n_line];
        tare__pprof__line__init(&lines[location.n_line]);
        lines[location.n_line].line = frame->line;
        error = function_of(writing, frame, &lines[location.n_line++].function_id);
    }
    location.line = pointers;
    part.n_location = 1;
    part.location = locations;
    if (error == 0)
        error = tare__pprof_part(writing->out, &part);
    free(lines);
    free(pointers);
    return error;
}

/* How many frames, from that of the stack on, are of one address. */
static size_t frames_at(const struct tare__profile *profile, uint32_t stack)
{
    size_t count = 1;
    const struct tare__profile_frame *frame = &profile->frames[profile->stacks[stack].frame];
    while (frame->inlined && profile->stacks[stack].parent != 0) {
        stack = profile->stacks[stack].parent;
        const struct tare__profile_frame *outer = &profile->frames[profile->stacks[stack].frame];
        if (outer->address != frame->address)
            break;
        frame = outer;
        count++;
    }
    return count;
}

static int location_of(struct writing *writing, uint32_t stack, size_t count, uint64_t *id)
{
    uint32_t place = 0, at = stack;
    for (size_t i = 0; place != TARE__NONE && i < count; i++, at = writing->from->stacks[at].parent)
        place = tare__profile_add_stack(&writing->places, place, writing->from->stacks[at].frame);
    if (place == TARE__NONE || make_room(&writing->locations, &writing->location_room, place) != 0)
        return ENOMEM;
    *id = writing->locations[place];
    if (*id != 0)
        return 0;
    *id = writing->locations[place] = ++writing->location_count;
    return write_location(writing, *id, stack, count);
}

/* ---- Samples ------------------------------------------------------------------------ */

static int write_labels(struct writing *writing, const struct tare__profile_label *from, Tare__Pprof__Label *label)
{
    tare__pprof__label__init(label);
    label->num = from->text == NULL ? from->number : 0;
    int error = tare__pprof_text(writing->out, from->key, &label->key);
    if (error == 0)
        error = tare__pprof_text(writing->out, from->text, &label->str);
    return error == 0 ? tare__pprof_text(writing->out, from->unit, &label->num_unit) : error;
}

static int write_stack(struct writing *writing, uint32_t stack, Tare__Pprof__Sample *sample)
{
    int error = 0;
    while (error == 0 && stack != 0) {
        size_t count = frames_at(writing->from, stack);
        error = make_room(&writing->ids, &writing->id_room, sample->n_location_id);
        if (error == 0)
            error = location_of(writing, stack, count, &writing->ids[sample->n_location_id++]);
        while (count-- > 0)
            stack = writing->from->stacks[stack].parent;
    }
    sample->location_id = writing->ids;
    return error;
}

static int write_sample(struct writing *writing, size_t i)
{
    const struct tare__profile *from = writing->from;
    const struct tare__profile_label_set *set = &from->label_sets[from->samples[i].labels];
    Tare__Pprof__Label *labels = calloc(set->count + 1, sizeof *labels);
    Tare__Pprof__Label **pointers = calloc(set->count + 1, sizeof(Tare__Pprof__Label *));
    Tare__Pprof__Sample sample = TARE__PPROF__SAMPLE__INIT, *samples[] = {&sample};
    Tare__Pprof__Profile part = TARE__PPROF__PROFILE__INIT;
    int error = labels == NULL || pointers == NULL ? ENOMEM : write_stack(writing, from->samples[i].stack, &sample);
    for (size_t k = 0; error == 0 && k < set->count; k++) {
        pointers[k] = &labels[k];
        error = write_labels(writing, &from->labels[set->first + k], &labels[k]);
    }
    sample.n_value = from->type_count;
    sample.value = &from->values[i * from->type_count];
    sample.n_label = set->count;
    sample.label = pointers;
    part.n_sample = 1;
    part.sample = samples;
    if (error == 0)
        error = tare__pprof_part(writing->out, &part);
    free(labels);
    free(pointers);
    return error;
}

/* ---- All of it ---------------------------------------------------------------------- */

static int write_facts(struct writing *writing)
{
    const struct tare__profile *from = writing->from;
    Tare__Pprof__Profile part = TARE__PPROF__PROFILE__INIT;
    int64_t comment;
    part.time_nanos = (int64_t)from->time_ns;
    part.duration_nanos = (int64_t)from->duration_ns;
    int error = tare__pprof_text(writing->out, from->types[from->default_type].name, &part.default_sample_type);
    if (error == 0)
        error = tare__pprof_text(writing->out, from->title, &comment);
    part.n_comment = from->title != NULL;
    part.comment = &comment;
    return error == 0 ? tare__pprof_part(writing->out, &part) : error;
}

static int write_all(struct writing *writing)
{
    int error = tare__profile_init(&writing->places, writing->from->types, 0);
    if (error == 0)
        error = write_types(writing);
    if (error == 0)
        error = write_modules(writing);
    for (size_t i = 0; error == 0 && i < writing->from->sample_count; i++)
        error = write_sample(writing, i);
    return error == 0 ? write_facts(writing) : error;
}

int tare__format_pprof(const struct tare__profile *profile, const struct tare__report_options *options, FILE *out)
{
    struct tare__profile shown = *profile;
    shown.default_type = tare__report_type(options, profile);
    struct writing writing = {.from = &shown, .out = tare__pprof_open(out)};
    int error = writing.out != NULL ? write_all(&writing) : ENOMEM;
    if (writing.out != NULL)
        error = tare__pprof_close(writing.out, error);
    tare__profile_free(&writing.places);
    free(writing.locations);
    free(writing.ids);
    return error;
}
