/* SPDX-License-Identifier: MIT */
/* profile.proto, unpacked by protobuf-c. Ids are any numbers, found by hash; a location
 * is one frame, or several where functions were inlined. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ids.h"
#include "pprof.pb-c.h"
#include "pprof_scan.h"
#include "readers.h"

bool tare__is_pprof(const char *bytes, size_t size)
{
    struct tare__damage damage;
    bool begins =
        size >= 3 && bytes[0] == 0x0a && bytes[1] < 0x20 && bytes[2] == 0x08; /* a sample type, and its name */
    return size > 0 && (begins || tare__pprof_scan(bytes, size, &damage));
}

struct reading {
    const struct tare__profile_input *input;
    const Tare__Pprof__Profile *from;
    struct tare__profile *profile;
    struct tare__ids mappings, functions, locations;
    uint32_t *modules;     /* of each mapping */
    uint32_t *first_frame; /* of each location, in frames: the innermost */
    uint32_t *frames;
};

/* ---- Text ---------------------------------------------------------------------- */

static void *array_of(size_t count, size_t bytes)
{
    return calloc(count > 0 ? count : 1, bytes);
}

/* Index 0, and what is empty, is NULL. */
static int text_at(const struct reading *reading, int64_t index, const char **text)
{
    *text = NULL;
    if (index < 0 || (uint64_t)index >= reading->from->n_string_table)
        return index == 0
                   ? 0
                   : tare__profile_refuse(reading->input, "there is no string %" PRIi64 ", of which there are %zu",
                                          index, reading->from->n_string_table);
    const ProtobufCBinaryData *string = &reading->from->string_table[index];
    if (string->len == 0)
        return 0;
    if (memchr(string->data, '\0', string->len) != NULL)
        return tare__profile_refuse(reading->input, "a NUL byte is in string %" PRIi64, index);
    char *copy = strndup((const char *)string->data, string->len);
    *text = copy != NULL ? tare__profile_text(reading->profile, copy) : NULL;
    free(copy);
    return *text != NULL ? 0 : ENOMEM;
}

/* ---- What samples refer to ------------------------------------------------------ */

static int read_types(struct reading *reading)
{
    const Tare__Pprof__Profile *from = reading->from;
    struct tare__profile_type *types = reading->profile->types;
    int error = 0;
    if (from->n_sample_type == 0)
        return tare__profile_refuse(reading->input, "it has no sample type");
    reading->profile->default_type = from->n_sample_type - 1; /* as pprof does */
    for (size_t i = 0; error == 0 && i < from->n_sample_type; i++) {
        const char *name, *unit;
        error = text_at(reading, from->sample_type[i]->type, &name);
        if (error == 0)
            error = text_at(reading, from->sample_type[i]->unit, &unit);
        if (error != 0)
            break;
        types[i].name = name != NULL ? name : types[i].name;
        types[i].unit = unit != NULL ? unit : types[i].unit;
        if (tare__profile_type_named(reading->profile, types[i].name) < i)
            return tare__profile_refuse(reading->input, "the sample type '%s' is there twice", types[i].name);
        if (from->default_sample_type != 0 && from->default_sample_type == from->sample_type[i]->type)
            reading->profile->default_type = i;
    }
    return error;
}

static int read_mapping(struct reading *reading, size_t i)
{
    const Tare__Pprof__Mapping *mapping = reading->from->mapping[i];
    struct tare__profile_module module = {
        .low = mapping->memory_start, .end = mapping->memory_limit, .offset = mapping->file_offset};
    int error = tare__ids_add(reading->input, &reading->mappings, mapping->id);
    if (error == 0)
        error = text_at(reading, mapping->filename, &module.path);
    if (error == 0)
        error = text_at(reading, mapping->build_id, &module.build_id);
    module.path = module.path != NULL ? module.path : "";
    if (error == 0 && (reading->modules[i] = tare__profile_add_module(reading->profile, &module)) == TARE__NONE)
        error = ENOMEM;
    return error;
}

static int add_frame(struct reading *reading, size_t location, const Tare__Pprof__Line *line,
                     struct tare__profile_frame *frame, uint32_t *added)
{
    int error = 0;
    frame->function = frame->file = NULL;
    frame->line = 0;
    if (line != NULL) {
        uint32_t index = tare__ids_find(&reading->functions, line->function_id);
        if (line->function_id != 0 && index == TARE__NONE)
            return tare__profile_refuse(reading->input, "location %zu: there is no function with the id %" PRIu64,
                                        location + 1, line->function_id);
        const Tare__Pprof__Function *function = index != TARE__NONE ? reading->from->function[index] : NULL;
        frame->line = line->line > 0 && line->line < UINT32_MAX ? (uint32_t)line->line : 0;
        if (function != NULL)
            error = text_at(reading, function->name, &frame->function);
        if (error == 0 && function != NULL && frame->function == NULL)
            error = text_at(reading, function->system_name, &frame->function);
        if (error == 0 && function != NULL)
            error = text_at(reading, function->filename, &frame->file);
    }
    if (error == 0 && (*added = tare__profile_add_frame(reading->profile, frame)) == TARE__NONE)
        error = ENOMEM;
    return error;
}

static size_t frames_of(const Tare__Pprof__Location *location)
{
    return location->n_line > 0 ? location->n_line : 1;
}

static int read_location(struct reading *reading, size_t i)
{
    const Tare__Pprof__Location *location = reading->from->location[i];
    struct tare__profile_frame frame = {.module = TARE__NONE, .address = location->address};
    uint32_t mapping = tare__ids_find(&reading->mappings, location->mapping_id);
    int error = tare__ids_add(reading->input, &reading->locations, location->id);
    if (error == 0 && location->mapping_id != 0 && mapping == TARE__NONE)
        return tare__profile_refuse(reading->input, "location %zu: there is no mapping with the id %" PRIu64, i + 1,
                                    location->mapping_id);
    if (mapping != TARE__NONE)
        frame.module = reading->modules[mapping];
    for (size_t k = 0; error == 0 && k < frames_of(location); k++) {
        frame.inlined = k + 1 < location->n_line;
        error = add_frame(reading, i, location->n_line > 0 ? location->line[k] : NULL, &frame,
                          &reading->frames[reading->first_frame[i] + k]);
    }
    return error;
}

/* Its text is looked at even where no location refers to it. */
static int read_function(struct reading *reading, size_t i)
{
    const Tare__Pprof__Function *function = reading->from->function[i];
    const char *text;
    int error = tare__ids_add(reading->input, &reading->functions, function->id);
    if (error == 0)
        error = text_at(reading, function->name, &text);
    if (error == 0)
        error = text_at(reading, function->system_name, &text);
    return error == 0 ? text_at(reading, function->filename, &text) : error;
}

static int read_places(struct reading *reading)
{
    const Tare__Pprof__Profile *from = reading->from;
    int error = 0;
    for (size_t i = 0; error == 0 && i < from->n_mapping; i++)
        error = read_mapping(reading, i);
    for (size_t i = 0; error == 0 && i < from->n_function; i++)
        error = read_function(reading, i);
    for (size_t i = 0; error == 0 && i < from->n_location; i++)
        error = read_location(reading, i);
    return error;
}

/* ---- Samples ---------------------------------------------------------------------- */

static int read_labels(struct reading *reading, const Tare__Pprof__Sample *sample, uint32_t *labels)
{
    struct tare__profile_label *all = array_of(sample->n_label, sizeof *all);
    int error = all == NULL ? ENOMEM : 0;
    for (size_t i = 0; error == 0 && i < sample->n_label; i++) {
        const Tare__Pprof__Label *label = sample->label[i];
        all[i].number = label->str == 0 ? label->num : 0;
        error = text_at(reading, label->key, &all[i].key);
        if (error == 0)
            error = text_at(reading, label->str, &all[i].text);
        if (error == 0)
            error = text_at(reading, label->num_unit, &all[i].unit);
        all[i].key = all[i].key != NULL ? all[i].key : "";
    }
    if (error == 0 && (*labels = tare__profile_add_labels(reading->profile, all, sample->n_label)) == TARE__NONE)
        error = ENOMEM;
    free(all);
    return error;
}

static int read_stack(struct reading *reading, size_t number, uint32_t *stack)
{
    const Tare__Pprof__Sample *sample = reading->from->sample[number];
    *stack = 0;
    for (size_t i = sample->n_location_id; i-- > 0;) {
        uint32_t location = tare__ids_find(&reading->locations, sample->location_id[i]);
        if (location == TARE__NONE)
            return tare__profile_refuse(reading->input, "sample %zu: there is no location with the id %" PRIu64,
                                        number + 1, sample->location_id[i]);
        for (size_t k = frames_of(reading->from->location[location]); k-- > 0;) {
            *stack =
                tare__profile_add_stack(reading->profile, *stack, reading->frames[reading->first_frame[location] + k]);
            if (*stack == TARE__NONE)
                return ENOMEM;
        }
    }
    return 0;
}

static int read_sample(struct reading *reading, size_t i)
{
    const Tare__Pprof__Sample *sample = reading->from->sample[i];
    uint32_t stack, labels;
    if (sample->n_value != reading->profile->type_count)
        return tare__profile_refuse(reading->input, "sample %zu has %zu values, and there are %zu sample types", i + 1,
                                    sample->n_value, reading->profile->type_count);
    int error = read_stack(reading, i, &stack);
    if (error == 0)
        error = read_labels(reading, sample, &labels);
    if (error == 0)
        error = tare__profile_add_sample(reading->profile, stack, labels, sample->value);
    return error == EOVERFLOW
               ? tare__profile_refuse(reading->input, "sample %zu: the stack's values don't fit 64 bits", i + 1)
               : error;
}

/* ---- All of it ---------------------------------------------------------------------- */

static uint64_t not_negative(int64_t number)
{
    return number > 0 ? (uint64_t)number : 0;
}

static int read_facts(struct reading *reading)
{
    const Tare__Pprof__Profile *from = reading->from;
    reading->profile->time_ns = not_negative(from->time_nanos);
    reading->profile->duration_ns = not_negative(from->duration_nanos);
    return from->n_comment > 0 ? text_at(reading, from->comment[0], &reading->profile->title) : 0;
}

static int make_room(struct reading *reading)
{
    const Tare__Pprof__Profile *from = reading->from;
    size_t frames = 0;
    reading->mappings.what = "mapping";
    reading->functions.what = "function";
    reading->locations.what = "location";
    reading->modules = array_of(from->n_mapping, sizeof *reading->modules);
    reading->first_frame = array_of(from->n_location, sizeof *reading->first_frame);
    if (reading->modules == NULL || reading->first_frame == NULL)
        return ENOMEM;
    for (size_t i = 0; i < from->n_location; i++) {
        reading->first_frame[i] = (uint32_t)frames;
        frames += frames_of(from->location[i]);
    }
    reading->frames = frames < TARE__NONE ? array_of(frames, sizeof *reading->frames) : NULL;
    return reading->frames != NULL ? 0 : ENOMEM;
}

static int read_all(struct reading *reading)
{
    int error = make_room(reading);
    if (error == 0)
        error = read_types(reading);
    if (error == 0)
        error = read_places(reading);
    for (size_t i = 0; error == 0 && i < reading->from->n_sample; i++)
        error = read_sample(reading, i);
    return error == 0 ? read_facts(reading) : error;
}

/* As many as there are, to be named later. */
static int begin(struct tare__profile *profile, size_t type_count)
{
    struct tare__profile_type *types = array_of(type_count, sizeof *types);
    if (types == NULL)
        return ENOMEM;
    for (size_t i = 0; i < type_count; i++)
        types[i] = (struct tare__profile_type){"", ""};
    int error = tare__profile_init(profile, types, type_count);
    free(types);
    return error;
}

int tare__read_pprof(const struct tare__profile_input *input, struct tare__profile *profile)
{
    struct tare__damage damage;
    if (!tare__pprof_scan(input->bytes, input->size, &damage))
        return tare__profile_refuse(input, "it is damaged at offset %zu: %s", damage.offset, damage.what);
    Tare__Pprof__Profile *from = tare__pprof__profile__unpack(NULL, input->size, (const uint8_t *)input->bytes);
    if (from == NULL)
        return tare__profile_refuse(input,
                                    "protobuf-c does not unpack it; its messages take more memory than there is?");
    struct reading reading = {.input = input, .from = from, .profile = profile};
    int error = begin(profile, from->n_sample_type);
    if (error == 0)
        error = read_all(&reading);
    tare__ids_free(&reading.mappings);
    tare__ids_free(&reading.functions);
    tare__ids_free(&reading.locations);
    free(reading.modules);
    free(reading.first_frame);
    free(reading.frames);
    tare__pprof__profile__free_unpacked(from, NULL);
    return error;
}
