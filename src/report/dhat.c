/* SPDX-License-Identifier: MIT */
/*
 * What DHAT writes, version 2, for dh_view.html. It says that neither lifetimes nor accesses
 * were recorded, which is so; a reader that goes on finds what was live at the peak ("t-gmax")
 * and at the end all the same.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "formats.h"
#include "json_text.h"
#include "reduced.h"

/* Of each the key, and the type. */
static const struct {
    const char *key, *type;
    bool required;
} values[] = {
    {"tb", "alloc_space", true},    {"tbk", "alloc_objects", true}, {"gb", "peak_space", false},
    {"gbk", "peak_objects", false}, {"eb", "inuse_space", false},   {"ebk", "inuse_objects", false},
};
enum { VALUES = sizeof values / sizeof *values };

const char *tare__dhat_lacks(const struct tare__profile *profile)
{
    for (size_t i = 0; i < VALUES; i++)
        if (values[i].required && tare__profile_type_named(profile, values[i].type) == profile->type_count)
            return values[i].type;
    return NULL;
}

static void clear(struct tare__profile_frame *frame)
{
    frame->inlined = false;
}

/* 0x4011A6: grow (squares.c:7) */
static void write_frame(const struct tare__profile_frame *frame, FILE *out)
{
    fputc('"', out);
    if (frame->address != 0)
        fprintf(out, "0x%" PRIX64 ": ", frame->address);
    tare__json_write_characters(frame->function, out);
    if (frame->file != NULL) {
        fputs(" (", out);
        tare__json_write_characters(frame->file, out);
        if (frame->line != 0)
            fprintf(out, ":%" PRIu32, frame->line);
        fputc(')', out);
    }
    fputc('"', out);
}

/* Of the reduced profile's types, in the order of the table. */
static void write_point(const struct tare__profile *profile, size_t sample, const size_t type_of[VALUES],
                        uint32_t *path, FILE *out)
{
    fputc('{', out);
    for (size_t i = 0; i < VALUES; i++)
        if (type_of[i] < profile->type_count)
            fprintf(out, "\"%s\":%" PRId64 ",", values[i].key,
                    profile->values[sample * profile->type_count + type_of[i]]);
    fputs("\"fs\":[", out);
    size_t depth = tare__profile_path(profile, profile->samples[sample].stack, path);
    for (size_t i = 0; i < depth; i++)
        fprintf(out, "%s%" PRIu32, i > 0 ? "," : "", path[i] + 1); /* 0 is the root */
    fputs("]}", out);
}

static int64_t pid_of(const struct tare__profile *profile)
{
    for (size_t i = 0; i < profile->label_count; i++)
        if (strcmp(profile->labels[i].key, "pid") == 0)
            return profile->labels[i].number;
    return 0;
}

static void write_all(const struct tare__profile *profile, const struct tare__profile *reduced,
                      const size_t type_of[VALUES], uint32_t *path, FILE *out)
{
    const uint64_t end_us = profile->duration_ns / 1000;
    fputs("{\"dhatFileVersion\":2,\"mode\":\"heap\",\"verb\":\"Allocated\",\"bklt\":false,\"bkacc\":false,\n"
          "\"tu\":\"us\",\"Mtu\":\"s\",\"cmd\":",
          out);
    tare__json_write_string(profile->title != NULL ? profile->title : "(unknown)", out);
    fprintf(out, ",\"pid\":%" PRId64 ",\"te\":%" PRIu64 ",\n\"pps\":[", pid_of(profile),
            end_us > 0 ? end_us : 1); /* rates are taken of it */
    for (size_t i = 0; i < reduced->sample_count; i++) {
        fputs(i == 0 ? "\n" : ",\n", out);
        write_point(reduced, i, type_of, path, out);
    }
    fputs("],\n\"ftbl\":[\"[root]\"", out);
    for (size_t i = 0; i < reduced->frame_count; i++) {
        fputs(",\n", out);
        write_frame(&reduced->frames[i], out);
    }
    fputs("]}\n", out);
}

int tare__format_dhat(const struct tare__profile *profile, const struct tare__report_options *options, FILE *out)
{
    (void)options;
    struct tare__profile reduced = {0};
    size_t types[VALUES], type_of[VALUES], count = 0;
    for (size_t i = 0; i < VALUES; i++) {
        size_t type = tare__profile_type_named(profile, values[i].type);
        type_of[i] = type < profile->type_count ? count : VALUES;
        if (type < profile->type_count)
            types[count++] = type;
    }
    uint32_t *path = calloc(profile->stack_count, sizeof *path);
    int error = path == NULL ? ENOMEM : tare__profile_reduce(profile, types, count, clear, &reduced);
    if (error == 0)
        write_all(profile, &reduced, type_of, path, out);
    tare__profile_free(&reduced);
    free(path);
    return error;
}
