/* SPDX-License-Identifier: MIT */
/* The table of formats. */
#include "report.h"

#include <string.h>

#include "summary.h"

const struct tare__format tare__formats[] = {
    {"text", "for people", false, tare__summary_text},
    {"json", "one JSON object, each statistic a key of its own name", true, tare__summary_json},
};
const size_t tare__format_count = sizeof tare__formats / sizeof *tare__formats;

const struct tare__format *tare__format_named(const char *name)
{
    for (size_t i = 0; i < tare__format_count; i++)
        if (strcmp(tare__formats[i].name, name) == 0)
            return &tare__formats[i];
    return NULL;
}

const struct tare__metric *tare__report_order(const struct tare__report_options *options)
{
    if (options->order != NULL)
        return options->order;
    return options->metric != NULL ? options->metric : &tare__metrics[0];
}
