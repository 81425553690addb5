/* SPDX-License-Identifier: MIT */
/* The table of readers. */
#include "read.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "readers.h"

const struct tare__profile_reader tare__profile_readers[] = {
    {"pprof", "profile.proto, of pprof and many others", tare__is_pprof, tare__read_pprof},
    {"perf", "what perf script prints", tare__is_perf, tare__read_perf},
    {"folded", "a line for each call stack, with its value", tare__is_folded, tare__read_folded},
};
const size_t tare__profile_reader_count = sizeof tare__profile_readers / sizeof *tare__profile_readers;

const struct tare__profile_reader *tare__profile_reader_named(const char *name)
{
    for (size_t i = 0; i < tare__profile_reader_count; i++)
        if (strcmp(tare__profile_readers[i].name, name) == 0)
            return &tare__profile_readers[i];
    return NULL;
}

int tare__profile_refuse(const struct tare__profile_input *input, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    vsnprintf(input->reason, input->reason_size, format, values);
    va_end(values);
    return EBADMSG;
}

static int read_plain(const struct tare__profile_reader *reader, const struct tare__profile_input *input,
                      struct tare__profile *profile)
{
    for (size_t i = 0; reader == NULL && i < tare__profile_reader_count; i++)
        if (tare__profile_readers[i].recognise(input->bytes, input->size))
            reader = &tare__profile_readers[i];
    if (reader == NULL)
        return tare__profile_refuse(input,
                                    "it is of no format that tare reads: pprof, perf script's, or folded stacks");
    int error = reader->read(input, profile);
    if (error == 0 && !tare__profile_fits(profile))
        return tare__profile_refuse(input, "the sum of its stacks' values does not fit 64 bits");
    return error;
}

int tare__profile_read(const struct tare__profile_reader *reader, const struct tare__profile_input *input,
                       struct tare__profile *profile)
{
    *profile = (struct tare__profile){0};
    if (!tare__is_gzip(input->bytes, input->size))
        return read_plain(reader, input, profile);
    struct tare__profile_input inner = *input;
    char *unpacked = NULL;
    int error = tare__gunzip(input, &unpacked, &inner.size);
    inner.bytes = unpacked;
    if (error == 0)
        error = read_plain(reader, &inner, profile);
    free(unpacked);
    return error;
}

/* ---- Lines ------------------------------------------------------------------ */

struct tare__lines tare__lines(const char *bytes, size_t size)
{
    return (struct tare__lines){.at = bytes, .behind = bytes + size};
}

bool tare__lines_next(struct tare__lines *lines)
{
    if (lines->at == lines->behind)
        return false;
    const char *end = memchr(lines->at, '\n', (size_t)(lines->behind - lines->at));
    lines->start = lines->at;
    lines->end = end != NULL ? end : lines->behind;
    lines->at = end != NULL ? end + 1 : lines->behind;
    lines->number++;
    if (lines->end > lines->start && lines->end[-1] == '\r')
        lines->end--;
    return true;
}
