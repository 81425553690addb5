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
#include "phrase.h"
#include "reduced.h"

static void clear(struct tare__profile_frame *frame)
{
    *frame = (struct tare__profile_frame){.function = frame->function, .module = TARE__NONE};
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
    size_t depth = tare__profile_path(folded, folded->samples[sample].stack, path);
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
    struct tare__profile folded;
    const size_t type = tare__report_type(options, profile);
    uint32_t *path = calloc(profile->stack_count, sizeof *path);
    int error = tare__profile_reduce(profile, &type, 1, clear, &folded);
    if (path == NULL)
        error = ENOMEM;
    for (size_t i = 0; error == 0 && i < folded.sample_count; i++)
        if (folded.values[i] != 0)
            write_line(&folded, i, path, out);
    tare__profile_free(&folded);
    free(path);
    return error;
}
