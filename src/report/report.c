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
    {.name = "text", .meaning = "for people", .extension = ".txt",
     .write = tare__summary_text, .write_diff = tare__diff_text},
    {.name = "json", .meaning = "one JSON object, each statistic a key of its own name", .extension = ".json",
     .all_processes = true, .write = tare__summary_json, .write_diff = tare__diff_json},
    {.name = "svg", .meaning = "a flame graph for the browser, of one metric", .extension = ".svg",
     .write_profile = tare__format_svg, .write_diff = tare__diff_svg},
    {.name = "html", .meaning = "a page for the browser: flame graph, sites, timeline, statistics", .extension = ".html",
     .write_profile = tare__format_html},
    {.name = "folded", .meaning = "a line for each call stack, with one metric's value, as flamegraph.pl takes",
     .extension = ".folded", .write_profile = tare__format_folded},
    {.name = "pprof", .meaning = "profile.proto in gzip, for pprof", .extension = ".pb.gz",
     .write_profile = tare__format_pprof},
    {.name = "speedscope", .meaning = "JSON for speedscope", .extension = ".speedscope.json",
     .write_profile = tare__format_speedscope},
    {.name = "dhat", .meaning = "JSON for Valgrind's dh_view.html", .extension = ".dhat.json",
     .write_profile = tare__format_dhat, .lacks = tare__dhat_lacks},
    {.name = "heaptrack", .meaning = "text for heaptrack_print and heaptrack_gui", .extension = ".heaptrack",
     .write_profile = tare__format_heaptrack, .lacks = tare__heaptrack_lacks},
    {.name = "chrome", .meaning = "trace events of live bytes over time, for Chrome and Perfetto",
     .extension = ".trace.json", .write_profile = tare__format_chrome, .lacks = tare__chrome_lacks},
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
