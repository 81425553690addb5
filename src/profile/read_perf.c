/* SPDX-License-Identifier: MIT */
/*
 * What perf script prints: of each event a line, then its frames from the innermost
 * out, each after a tab, then an empty line.
 *
 *     program 4242/4243 [001]  5.250000: sdt_tare:alloc: (55d0c0a01234) arg1=94 arg2=100 arg3=0
 *     <tab>    55d0c0a01234 f(int)+0x12 (/bin/program)
 *
 * Each kind of event is a type of its own, of how many there were, and one more of
 * bytes where a field of it is known to be a size; so that calls of different functions
 * are not added up.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "perf_line.h"

bool tare__is_perf(const char *bytes, size_t size)
{
    struct tare__lines lines = tare__lines(bytes, size);
    struct tare__perf_event event;
    while (tare__lines_next(&lines))
        if (lines.start < lines.end && *lines.start != '#')
            return memchr(lines.start, '\0', (size_t)(lines.end - lines.start)) == NULL &&
                   tare__perf_event(&lines, &event);
    return false;
}

/* ---- Types -------------------------------------------------------------------- */

enum { EVENTS_MAX = 64, TYPES_MAX = 2 * EVENTS_MAX };

struct reading {
    const struct tare__profile_input *input;
    struct tare__profile *profile;
    struct tare__span events[EVENTS_MAX];
    bool has_bytes[EVENTS_MAX];
    size_t first_type[EVENTS_MAX];
    size_t event_count;
    struct tare__profile_frame *frames; /* of the event at hand, the innermost first */
    size_t frame_count, frame_room;
    bool in_event;
    int64_t values[TYPES_MAX];
    uint32_t labels;
    size_t line; /* of the event */
};

static size_t event_named(const struct reading *reading, struct tare__span name)
{
    size_t i = 0, length = (size_t)(name.end - name.start);
    while (i < reading->event_count && ((size_t)(reading->events[i].end - reading->events[i].start) != length ||
                                        memcmp(reading->events[i].start, name.start, length) != 0))
        i++;
    return i;
}

static bool is_event_line(const struct tare__lines *lines)
{
    return lines->start < lines->end && *lines->start != '\t' && *lines->start != '#';
}

/* Which events there are, in the order in which they come. */
static int find_events(struct reading *reading)
{
    struct tare__lines lines = tare__lines(reading->input->bytes, reading->input->size);
    struct tare__perf_event event;
    uint64_t bytes;
    while (tare__lines_next(&lines)) {
        if (!is_event_line(&lines))
            continue;
        if (!tare__perf_event(&lines, &event))
            return tare__profile_refuse(
                reading->input, "line %zu: this is no event: no time with a ':', then a name with one", lines.number);
        size_t i = event_named(reading, event.name);
        if (i == EVENTS_MAX)
            return tare__profile_refuse(reading->input, "line %zu: there are more than %d kinds of events",
                                        lines.number, EVENTS_MAX);
        if (i == reading->event_count)
            reading->events[reading->event_count++] = event.name;
        reading->has_bytes[i] |= tare__perf_bytes(&event, &bytes);
    }
    return 0;
}

static char *copy(struct tare__span span, const char *behind)
{
    size_t length = (size_t)(span.end - span.start);
    char *text = malloc(length + strlen(behind) + 1);
    if (text != NULL) {
        memcpy(text, span.start, length);
        strcpy(text + length, behind);
    }
    return text;
}

/* "x" with bytes, and another that is called "x:bytes". */
static int check_names(const struct reading *reading)
{
    const struct tare__profile *profile = reading->profile;
    for (size_t i = 0; i < profile->type_count; i++)
        if (tare__profile_type_named(profile, profile->types[i].name) < i)
            return tare__profile_refuse(reading->input, "two kinds of its events would have the type '%s'",
                                        profile->types[i].name);
    return 0;
}

static int make_profile(struct reading *reading)
{
    struct tare__profile_type types[TYPES_MAX + 1];
    char *names[TYPES_MAX + 1];
    size_t count = 0;
    for (size_t i = 0; i < reading->event_count; i++) {
        reading->first_type[i] = count;
        names[count] = copy(reading->events[i], "");
        types[count] = (struct tare__profile_type){names[count], "count"};
        count++;
        if (!reading->has_bytes[i])
            continue;
        names[count] = copy(reading->events[i], ":bytes");
        types[count] = (struct tare__profile_type){names[count], "bytes"};
        count++;
    }
    bool all = true;
    for (size_t i = 0; i < count; i++)
        all = all && names[i] != NULL;
    if (count == 0)
        types[0] = (struct tare__profile_type){"samples", "count"};
    int error = all ? tare__profile_init(reading->profile, types, count > 0 ? count : 1) : ENOMEM;
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    reading->profile->default_type = count > 0 && reading->has_bytes[0] ? 1 : 0;
    return error == 0 ? check_names(reading) : error;
}

/* ---- Frames --------------------------------------------------------------------- */

/* Of what is inlined the object is not told: it is that of the frame it is inlined into,
 * which has the same address. perf says "inlined" also of a function by another name, which
 * stands by itself. */
static void settle_inlined(struct reading *reading)
{
    for (size_t i = reading->frame_count; i-- > 0;) {
        struct tare__profile_frame *frame = &reading->frames[i];
        const struct tare__profile_frame *outer = i + 1 < reading->frame_count ? frame + 1 : NULL;
        if (frame->inlined && outer != NULL && outer->address == frame->address)
            frame->module = outer->module;
        else
            frame->inlined = false;
    }
}

static int add_object(struct reading *reading, struct tare__span object, uint32_t *module)
{
    char *path = copy(object, "");
    if (path == NULL)
        return ENOMEM;
    *module = tare__profile_add_module(reading->profile, &(struct tare__profile_module){.path = path});
    free(path);
    return *module == TARE__NONE ? ENOMEM : 0;
}

static int keep_frame(struct reading *reading, const struct tare__perf_frame *line)
{
    const struct tare__span symbol = line->symbol, object = line->object;
    struct tare__profile_frame frame = {.module = TARE__NONE, .address = line->address};
    frame.inlined = tare__span_is(object, "inlined");
    if (!frame.inlined && !tare__span_is(object, "[unknown]") && add_object(reading, object, &frame.module) != 0)
        return ENOMEM;
    if (!tare__span_is_empty(symbol) && !tare__span_is(symbol, "[unknown]")) {
        char *function = copy(symbol, "");
        frame.function = function != NULL ? tare__profile_text(reading->profile, function) : NULL;
        free(function);
        if (frame.function == NULL)
            return ENOMEM;
    }
    if (reading->frame_count == reading->frame_room) {
        size_t room = reading->frame_room == 0 ? 128 : 2 * reading->frame_room;
        struct tare__profile_frame *frames = reallocarray(reading->frames, room, sizeof *frames);
        if (frames == NULL)
            return ENOMEM;
        reading->frames = frames;
        reading->frame_room = room;
    }
    reading->frames[reading->frame_count++] = frame;
    return 0;
}

static int take_frame(struct reading *reading, const struct tare__lines *lines)
{
    struct tare__perf_frame frame;
    if (!reading->in_event)
        return tare__profile_refuse(reading->input, "line %zu: a frame that belongs to no event", lines->number);
    if (!tare__perf_frame(lines, &frame))
        return tare__profile_refuse(reading->input,
                                    "line %zu: this is no frame: an address, a symbol and an object in brackets",
                                    lines->number);
    return keep_frame(reading, &frame);
}

/* ---- Events --------------------------------------------------------------------- */

static int finish_event(struct reading *reading)
{
    uint32_t stack = 0;
    if (!reading->in_event)
        return 0;
    reading->in_event = false;
    settle_inlined(reading);
    if (reading->frame_count == 0) {
        static const struct tare__profile_frame none = {.function = "[no call stack]", .module = TARE__NONE};
        stack = tare__profile_add_stack(reading->profile, 0, tare__profile_add_frame(reading->profile, &none));
    }
    for (size_t i = reading->frame_count; stack != TARE__NONE && i-- > 0;) {
        uint32_t frame = tare__profile_add_frame(reading->profile, &reading->frames[i]);
        stack = frame == TARE__NONE ? TARE__NONE : tare__profile_add_stack(reading->profile, stack, frame);
    }
    reading->frame_count = 0;
    if (stack == TARE__NONE)
        return ENOMEM;
    int error = tare__profile_add_sample(reading->profile, stack, reading->labels, reading->values);
    return error == EOVERFLOW
               ? tare__profile_refuse(reading->input, "line %zu: the stack's values don't fit 64 bits", reading->line)
               : error;
}

static int add_labels(struct reading *reading, const struct tare__perf_event *event)
{
    char *command = copy(event->command, "");
    const struct tare__profile_label labels[] = {{.key = "command", .text = command},
                                                 {.key = "pid", .number = (int64_t)event->pid}};
    if (command == NULL)
        return ENOMEM;
    reading->labels = event->has_pid ? tare__profile_add_labels(reading->profile, labels, 2) : 0;
    free(command);
    return reading->labels == TARE__NONE ? ENOMEM : 0;
}

static int begin_event(struct reading *reading, const struct tare__lines *lines)
{
    struct tare__perf_event event;
    uint64_t bytes = 0;
    if (memchr(lines->start, '\0', (size_t)(lines->end - lines->start)) != NULL || !tare__perf_event(lines, &event))
        return tare__profile_refuse(reading->input, "line %zu: this is no event", lines->number);
    size_t i = event_named(reading, event.name);
    memset(reading->values, 0, sizeof reading->values);
    reading->values[reading->first_type[i]] = 1;
    if (reading->has_bytes[i]) {
        if (!tare__perf_bytes(&event, &bytes))
            return tare__profile_refuse(reading->input,
                                        "line %zu: this event has no size that can be read, others of "
                                        "its kind have",
                                        lines->number);
        reading->values[reading->first_type[i] + 1] = (int64_t)bytes;
    }
    reading->in_event = true;
    reading->line = lines->number;
    return add_labels(reading, &event);
}

static int take_line(struct reading *reading, const struct tare__lines *lines)
{
    if (lines->start == lines->end)
        return finish_event(reading);
    if (*lines->start == '#')
        return 0;
    if (*lines->start == '\t')
        return take_frame(reading, lines);
    int error = finish_event(reading);
    return error == 0 ? begin_event(reading, lines) : error;
}

int tare__read_perf(const struct tare__profile_input *input, struct tare__profile *profile)
{
    struct tare__lines lines = tare__lines(input->bytes, input->size);
    struct reading reading = {.input = input, .profile = profile};
    int error = find_events(&reading);
    if (error == 0)
        error = make_profile(&reading);
    while (error == 0 && tare__lines_next(&lines))
        error = take_line(&reading, &lines);
    if (error == 0)
        error = finish_event(&reading);
    free(reading.frames);
    return error;
}
