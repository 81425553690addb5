/* SPDX-License-Identifier: MIT */
/* Chrome's trace events: counters of the live bytes, and of the peak until then, from the
 * points of time that the record has. */
#include <inttypes.h>
#include <string.h>

#include "formats.h"
#include "json_text.h"
#include "snapshot.h"

const char *tare__chrome_lacks(const struct tare__profile *profile)
{
    return profile->snapshot == NULL ? "a record's timeline" : NULL;
}

static void write_counter(const char *name, int pid, uint64_t time_ns, int64_t bytes, FILE *out)
{
    fprintf(out,
            ",\n{\"name\":\"%s\",\"ph\":\"C\",\"pid\":%d,\"tid\":%d,\"ts\":%" PRIu64
            ".%03u,\"args\":{\"bytes\":%" PRId64 "}}",
            name, pid, pid, time_ns / 1000, (unsigned)(time_ns % 1000), bytes);
}

int tare__format_chrome(const struct tare__profile *profile, const struct tare__report_options *options, FILE *out)
{
    const struct tare__process *process = &profile->snapshot->processes[profile->snapshot->main];
    const struct tare__origins *origins = &process->origins;
    (void)options;
    fprintf(out,
            "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n"
            "{\"name\":\"process_name\",\"ph\":\"M\",\"pid\":%d,\"tid\":%d,\"args\":{\"name\":",
            process->pid, process->pid);
    tare__json_write_string(profile->title != NULL ? profile->title : "", out);
    fputs("}}", out);
    for (size_t i = 0; i < origins->point_count; i++) {
        const struct tare__snapshot_point *point = &origins->points[i];
        write_counter("live bytes", process->pid, point->time_ns, point->live_bytes, out);
        write_counter("peak bytes", process->pid, point->time_ns, point->peak_bytes, out);
    }
    fputs("\n]}\n", out);
    return 0;
}
