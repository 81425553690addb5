/* SPDX-License-Identifier: MIT */
/* Folded stacks: outermost;...;innermost value. Names may have blanks in them; the last
 * one stands before the value. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "readers.h"

static bool is_blank(const struct tare__lines *lines)
{
    const char *at = lines->start;
    while (at < lines->end && (*at == ' ' || *at == '\t'))
        at++;
    return at == lines->end;
}

/* Where the value begins; NULL where the line has none. */
static const char *value_of(const struct tare__lines *lines)
{
    const char *end = lines->end, *at = end;
    while (at > lines->start && at[-1] >= '0' && at[-1] <= '9')
        at--;
    if (at == end)
        return NULL;
    at -= at > lines->start && at[-1] == '-';
    return at > lines->start && (at[-1] == ' ' || at[-1] == '\t') ? at : NULL;
}

/* The first line that has something in it tells. */
bool tare__is_folded(const char *bytes, size_t size)
{
    struct tare__lines lines = tare__lines(bytes, size);
    while (tare__lines_next(&lines))
        if (!is_blank(&lines))
            return value_of(&lines) != NULL && memchr(lines.start, '\0', (size_t)(lines.end - lines.start)) == NULL;
    return true; /* of nothing */
}

struct reading {
    const struct tare__profile_input *input;
    struct tare__profile *profile;
    char *name; /* room for every one */
};

static uint32_t add_frame(const struct reading *reading, const char *start, const char *end)
{
    size_t length = (size_t)(end - start);
    memcpy(reading->name, start, length);
    reading->name[length] = '\0';
    const struct tare__profile_frame frame = {.function = length > 0 ? reading->name : NULL, .module = TARE__NONE};
    return tare__profile_add_frame(reading->profile, &frame);
}

static int add_line(const struct reading *reading, const struct tare__lines *lines, const char *value)
{
    const char *behind = value;
    uint32_t stack = 0;
    while (behind > lines->start && (behind[-1] == ' ' || behind[-1] == '\t'))
        behind--;
    for (const char *at = lines->start; at != NULL;) {
        const char *semicolon = memchr(at, ';', (size_t)(behind - at));
        uint32_t frame = add_frame(reading, at, semicolon != NULL ? semicolon : behind);
        stack = frame == TARE__NONE ? TARE__NONE : tare__profile_add_stack(reading->profile, stack, frame);
        if (stack == TARE__NONE)
            return ENOMEM;
        at = semicolon != NULL ? semicolon + 1 : NULL;
    }
    errno = 0;
    int64_t number = strtoll(value, NULL, 10);
    if (errno == ERANGE)
        return tare__profile_refuse(reading->input, "line %zu: its value does not fit 64 bits", lines->number);
    int error = tare__profile_add_sample(reading->profile, stack, 0, &number);
    return error == EOVERFLOW
               ? tare__profile_refuse(reading->input, "line %zu: the stack's values don't fit 64 bits", lines->number)
               : error;
}

static int take_line(const struct reading *reading, const struct tare__lines *lines)
{
    if (is_blank(lines))
        return 0;
    if (memchr(lines->start, '\0', (size_t)(lines->end - lines->start)) != NULL)
        return tare__profile_refuse(reading->input, "line %zu: a NUL byte can't be in a name", lines->number);
    const char *value = value_of(lines);
    if (value == NULL)
        return tare__profile_refuse(reading->input,
                                    "line %zu: it does not end in a blank and a whole number, its stack's value",
                                    lines->number);
    return add_line(reading, lines, value);
}

int tare__read_folded(const struct tare__profile_input *input, struct tare__profile *profile)
{
    static const struct tare__profile_type type = {"samples", "count"};
    struct tare__lines lines = tare__lines(input->bytes, input->size);
    const struct reading reading = {input, profile, malloc(input->size + 1)};
    int error = tare__profile_init(profile, &type, 1);
    if (reading.name == NULL)
        error = ENOMEM;
    while (error == 0 && tare__lines_next(&lines))
        error = take_line(&reading, &lines);
    free(reading.name);
    return error;
}
