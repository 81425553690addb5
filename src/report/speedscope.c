/* SPDX-License-Identifier: MIT */
/*
 * Speedscope's JSON: one table of functions, and a "sampled" profile for each type, whose
 * samples are stacks and weights. Weights can't be below 0 there: what is, is left out, and
 * the profile's name says so.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "formats.h"
#include "json_text.h"
#include "reduced.h"

static void clear(struct tare__profile_frame *frame)
{
    *frame = (struct tare__profile_frame){.function = frame->function, .file = frame->file, .module = TARE__NONE};
}

static void write_frames(const struct tare__profile *profile, FILE *out)
{
    for (size_t i = 0; i < profile->frame_count; i++) {
        fputs(i == 0 ? "\n{\"name\":" : ",\n{\"name\":", out);
        tare__json_write_string(profile->frames[i].function, out);
        if (profile->frames[i].file != NULL) {
            fputs(",\"file\":", out);
            tare__json_write_string(profile->frames[i].file, out);
        }
        fputc('}', out);
    }
}

static const char *unit_of(const struct tare__profile_type *type)
{
    static const char *const known[] = {"nanoseconds", "microseconds", "milliseconds", "seconds", "bytes"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(type->unit, known[i]) == 0)
            return known[i];
    return "none";
}

static int64_t value_of(const struct tare__profile *profile, size_t sample, size_t type)
{
    return profile->values[sample * profile->type_count + type];
}

static void write_samples(const struct tare__profile *profile, size_t type, uint32_t *path, FILE *out)
{
    const char *comma = "";
    for (size_t i = 0; i < profile->sample_count; i++) {
        if (value_of(profile, i, type) <= 0)
            continue;
        size_t depth = tare__profile_path(profile, profile->samples[i].stack, path);
        fprintf(out, "%s\n[", comma);
        for (size_t k = depth; k-- > 0;)
            fprintf(out, "%" PRIu32 "%s", path[k], k > 0 ? "," : "");
        fputc(']', out);
        comma = ",";
    }
}

static void write_weights(const struct tare__profile *profile, size_t type, FILE *out)
{
    const char *comma = "";
    for (size_t i = 0; i < profile->sample_count; i++)
        if (value_of(profile, i, type) > 0) {
            fprintf(out, "%s%" PRId64, comma, value_of(profile, i, type));
            comma = ",";
        }
}

static void write_type(const struct tare__profile *profile, size_t type, uint32_t *path, FILE *out)
{
    char name[256];
    int64_t above = 0, below = 0;
    for (size_t i = 0; i < profile->sample_count; i++) {
        int64_t value = value_of(profile, i, type);
        *(value > 0 ? &above : &below) += value;
    }
    snprintf(name, sizeof name, "%.128s", profile->types[type].name);
    if (below < 0)
        snprintf(name, sizeof name, "%.128s (without %" PRId64 ")", profile->types[type].name, below);
    fputs("{\"type\":\"sampled\",\"name\":", out);
    tare__json_write_string(name, out);
    fprintf(out, ",\"unit\":\"%s\",\"startValue\":0,\"endValue\":%" PRId64 ",\"samples\":[",
            unit_of(&profile->types[type]), above);
    write_samples(profile, type, path, out);
    fputs("],\"weights\":[", out);
    write_weights(profile, type, out);
    fputs("]}", out);
}

static void write_all(const struct tare__profile *profile, const struct tare__profile *reduced, size_t shown,
                      uint32_t *path, FILE *out)
{
    fputs("{\"$schema\":\"https://www.speedscope.app/file-format-schema.json\",\"exporter\":\"tare\",\"name\":", out);
    tare__json_write_string(profile->title != NULL ? profile->title : "profile", out);
    fprintf(out, ",\"activeProfileIndex\":%zu,\"shared\":{\"frames\":[", shown);
    write_frames(reduced, out);
    fputs("]},\"profiles\":[", out);
    for (size_t i = 0; i < reduced->type_count; i++) {
        fputs(i == 0 ? "\n" : ",\n", out);
        write_type(reduced, i, path, out);
    }
    fputs("]}\n", out);
}

int tare__format_speedscope(const struct tare__profile *profile, const struct tare__report_options *options, FILE *out)
{
    struct tare__profile reduced = {0};
    size_t *types = calloc(profile->type_count, sizeof *types);
    uint32_t *path = calloc(profile->stack_count, sizeof *path);
    int error = types == NULL || path == NULL ? ENOMEM : 0;
    for (size_t i = 0; error == 0 && i < profile->type_count; i++)
        types[i] = i;
    if (error == 0)
        error = tare__profile_reduce(profile, types, profile->type_count, clear, &reduced);
    if (error == 0)
        write_all(profile, &reduced, tare__report_type(options, profile), path, out);
    tare__profile_free(&reduced);
    free(types);
    free(path);
    return error;
}
