/* SPDX-License-Identifier: MIT */
/* usage: write FORMAT [--tree] [--flame] [--metric METRIC] [--order METRIC] [--top N] [--suppress PATTERN]
 * Writes the report over the snapshot of snapshot.h, for golden.sh to compare. */
#include <stdlib.h>

#include "report.h"
#include "suppression.h"

#include "check.h"
#include "snapshot.h"

static struct tare__report_options options = {.frames = 8, .prune = 0.5};
static struct tare__suppressions suppressions;

static void take(const char *option, const char *value)
{
    struct tare__suppression_error error;
    if (strcmp(option, "--metric") == 0)
        CHECK((options.metric = tare__metric_named(value)) != NULL);
    else if (strcmp(option, "--order") == 0)
        CHECK((options.order = tare__metric_named(value)) != NULL);
    else if (strcmp(option, "--top") == 0)
        options.top = strtoul(value, NULL, 10);
    else if (strcmp(option, "--suppress") == 0)
        CHECK(tare__suppressions_add(&suppressions, value, strlen(value), &error) == 0);
    else
        CHECK(strcmp(option, "an option of write.c") == 0);
}

int main(int count, char **arguments)
{
    struct tare__process processes[2] = {build_process(), {.pid = 4243, .command = "child", .command_bytes = 6}};
    struct tare__snapshot snapshot = {
        .processes = processes, .process_count = 2, .end_known = true, .record = "program.4242.tare"};
    CHECK(count > 1 && tare__format_named(arguments[1]) != NULL);
    for (int i = 2; i < count; i++) {
        if (strcmp(arguments[i], "--tree") == 0) {
            options.tree = true;
        } else if (strcmp(arguments[i], "--flame") == 0) {
            options.upward = true;
        } else {
            CHECK(i + 1 < count);
            take(arguments[i], arguments[i + 1]);
            i++;
        }
    }
    CHECK_EQUAL(tare__suppress(&suppressions, &processes[0]), 0);
    CHECK_EQUAL(tare__report_write(tare__format_named(arguments[1]), &snapshot, &options, stdout), 0);
    tare__suppressions_free(&suppressions);
    return 0;
}
