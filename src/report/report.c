/* SPDX-License-Identifier: MIT */
/* The table of formats. */
#include "report.h"

#include <string.h>

#include "diff.h"
#include "formats.h"
#include "profile_of_snapshot.h"
#include "summary.h"

/* clang-format off */
const struct tare__format tare__formats[] = {
    {"text", "for people", false, tare__summary_text, NULL, ".txt", tare__diff_text},
    {"json", "one JSON object, each statistic a key of its own name", true, tare__summary_json, NULL, ".json", tare__diff_json},
    {"folded", "a line for each call stack, with one metric's value, as flamegraph.pl takes", false, NULL, tare__format_folded, ".folded", NULL},
    {"pprof", "profile.proto in gzip, for pprof", false, NULL, tare__format_pprof, ".pb.gz", NULL},
    {"svg", "a flame graph for the browser, of one metric", false, NULL, tare__format_svg, ".svg", tare__diff_svg},
};
/* clang-format on */
const size_t tare__format_count = sizeof tare__formats / sizeof *tare__formats;

const struct tare__format *tare__format_named(const char *name)
{
    for (size_t i = 0; i < tare__format_count; i++)
        if (strcmp(tare__formats[i].name, name) == 0)
            return &tare__formats[i];
    return NULL;
}

const struct tare__format *tare__format_of_path(const char *path)
{
    size_t length = strlen(path);
    for (size_t i = 0; i < tare__format_count; i++) {
        size_t end = strlen(tare__formats[i].extension);
        if (tare__formats[i].write_profile != NULL && length > end &&
            strcmp(path + length - end, tare__formats[i].extension) == 0)
            return &tare__formats[i];
    }
    return NULL;
}

int tare__report_write(const struct tare__format *format, const struct tare__snapshot *snapshot,
                       const struct tare__report_options *options, FILE *out)
{
    if (format->write != NULL)
        return format->write(snapshot, options, out);
    struct tare__profile profile;
    int error = tare__profile_of_process(snapshot, &snapshot->processes[snapshot->main], &profile);
    if (error == 0)
        error = format->write_profile(&profile, options, out);
    tare__profile_free(&profile);
    return error;
}

size_t tare__report_type(const struct tare__report_options *options, const struct tare__profile *profile)
{
    size_t type = profile->type_count;
    if (options->metric != NULL)
        type = tare__profile_type_named(profile, options->metric->profile_type);
    return type < profile->type_count ? type : profile->default_type;
}

const struct tare__metric *tare__report_order(const struct tare__report_options *options)
{
    if (options->order != NULL)
        return options->order;
    return options->metric != NULL ? options->metric : &tare__metrics[0];
}
