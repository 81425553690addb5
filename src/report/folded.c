/* SPDX-License-Identifier: MIT */
/*
 * Folded stacks, a line for each: outermost;...;innermost value. What is the same as
 * text is one line, in the order in which the profile has it. Nothing can be quoted
 * there, so that in a name ';' becomes ':', and control characters '?'.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "formats.h"
#include "frame_name.h"
#include "phrase.h"

/* Of the profile, with names for frames and one type. */
static int fold(const struct tare__profile *profile, size_t type, struct tare__profile *folded, uint32_t *stacks)
{
    int error = tare__profile_init(folded, &profile->types[type], 1);
    for (size_t i = 1; error == 0 && i < profile->stack_count; i++) {
        char name[TARE__FRAME_NAME_BYTES];
        const struct tare__profile_frame frame = {.function = tare__frame_name(name, profile, profile->stacks[i].frame),
                                                  .module = TARE__NONE};
        uint32_t same = tare__profile_add_frame(folded, &frame);
        stacks[i] =
            same == TARE__NONE ? TARE__NONE : tare__profile_add_stack(folded, stacks[profile->stacks[i].parent], same);
        error = stacks[i] == TARE__NONE ? ENOMEM : 0;
    }
    for (size_t i = 0; error == 0 && i < profile->sample_count; i++) {
        const int64_t *value = &profile->values[i * profile->type_count + type];
        if (*value != 0)
            error = tare__profile_add_sample(folded, stacks[profile->samples[i].stack], 0, value);
    }
    return error;
}

static void write_name(const char *name, FILE *out)
{
    while (*name != '\0') {
        size_t length;
        const char *character = tare__next_character(&name, &length);
        if (*character == ';')
            fputc(':', out);
        else if (tare__is_control(character))
            fputc('?', out);
        else
            fwrite(character, 1, length, out);
    }
}

/* path has room for the deepest. */
static void write_line(const struct tare__profile *folded, size_t sample, uint32_t *path, FILE *out)
{
    size_t depth = 0;
    for (uint32_t at = folded->samples[sample].stack; at != 0; at = folded->stacks[at].parent)
        path[depth++] = folded->stacks[at].frame;
    if (depth == 0)
        fputs("[no call stack]", out);
    while (depth > 0) {
        depth--;
        write_name(folded->frames[path[depth]].function, out);
        if (depth > 0)
            fputc(';', out);
    }
    fprintf(out, " %" PRId64 "\n", folded->values[sample]);
}

int tare__format_folded(const struct tare__profile *profile, const struct tare__report_options *options, FILE *out)
{
    struct tare__profile folded = {0};
    uint32_t *numbers = calloc(profile->stack_count, sizeof *numbers);
    int error = numbers == NULL ? ENOMEM : fold(profile, tare__report_type(options, profile), &folded, numbers);
    for (size_t i = 0; error == 0 && i < folded.sample_count; i++)
        if (folded.values[i] != 0)
            write_line(&folded, i, numbers, out); /* which have been used */
    tare__profile_free(&folded);
    free(numbers);
    return error;
}
