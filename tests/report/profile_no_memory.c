/* SPDX-License-Identifier: MIT */
/* Every allocation of writing and reading profiles fails once: an error each time, or the same bytes. */
#include <errno.h>
#include <stdlib.h>

#include "failing_malloc.h"
#include "profile_of_snapshot.h"
#include "read.h"
#include "report.h"
#include "snapshot.h"

enum { ROOM = 1 << 20 };

static struct tare__process process;
static struct tare__snapshot snapshot = {.processes = &process, .process_count = 1};

/* A whole file of a format in `bytes`, from the snapshot; returns its size, or 0 and the error. */
static size_t write_format(const char *name, char *bytes, size_t n, int *error)
{
    static char buffer[BUFSIZ];
    static const struct tare__report_options options = {.metric = NULL};
    FILE *out = fmemopen(bytes, ROOM, "w");
    CHECK(out != NULL);
    setvbuf(out, buffer, _IOFBF, sizeof buffer);
    calls = 0;
    failing = n;
    *error = tare__report_write(tare__format_named(name), &snapshot, &options, out);
    failing = 0;
    long size = ftell(out);
    CHECK(fclose(out) == 0 && size >= 0 && size < ROOM);
    return *error == 0 ? (size_t)size : 0;
}

static void writes(const char *name)
{
    static char whole[ROOM], now[ROOM];
    int error;
    size_t size = write_format(name, whole, 0, &error), all = calls;
    CHECK(size > 0 && all > 10);
    for (size_t n = 1; n <= all; n++) {
        size_t now_size = write_format(name, now, n, &error);
        CHECK(error == ENOMEM || (error == 0 && now_size == size && memcmp(now, whole, size) == 0));
    }
}

static int read_bytes(const char *bytes, size_t size, size_t n, int64_t *total)
{
    char reason[256] = "";
    struct tare__profile profile, sum = {0};
    const struct tare__profile_input input = {bytes, size, reason, sizeof reason};
    calls = 0;
    failing = n;
    int error = tare__profile_read(NULL, &input, &profile);
    if (error == 0)
        error = tare__profile_init(&sum, profile.types, profile.type_count);
    if (error == 0)
        error = tare__profile_merge(&sum, &profile);
    failing = 0;
    if (error == 0)
        CHECK(tare__profile_total(&sum, profile.default_type, total));
    tare__profile_free(&sum);
    tare__profile_free(&profile);
    return error;
}

/* protobuf-c does not say why it gave up. */
static bool is_refusal(int error)
{
    return error == ENOMEM || error == EBADMSG;
}

static void reads(const char *bytes, size_t size, int64_t expected)
{
    int64_t total = 0;
    CHECK_EQUAL(read_bytes(bytes, size, 0, &total), 0);
    CHECK_EQUAL(total, expected);
    size_t all = calls;
    CHECK(all > 10);
    for (size_t n = 1; n <= all; n++) {
        int error = read_bytes(bytes, size, n, &total);
        CHECK(is_refusal(error) || (error == 0 && total == expected));
    }
}

int main(void)
{
    static char pprof[ROOM];
    static const char folded[] = "main;f 3\nmain;g;f 4\n";
    static const char perf[] =
        "two words 1/2 1.0: sdt_tare:alloc: (1) arg1=1 arg2=9\n"
        "\t7f00 f(int)+0x1 (/bin/program)\n\t7f00 in (inlined)\n\t7f00 main+0x1 (/bin/program)\n";
    int error;
    process = build_process();
    static const char *const formats[] = {"folded", "pprof", "speedscope", "dhat", "heaptrack"};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        writes(formats[i]);
    size_t size = write_format("pprof", pprof, 0, &error);
    reads(pprof, size, (int64_t)process.stats.bytes_allocated);
    reads(folded, sizeof folded - 1, 7);
    reads(perf, sizeof perf - 1, 9);
    return 0;
}
