/* SPDX-License-Identifier: MIT */
/*
 * Pitfall 63: tare's own memory can run out while the program's has not. Here
 * each child may map a little more than it has (RLIMIT_AS), from nothing up to
 * enough. Whatever is left: no crash, and the figures are exact, or the result
 * says LOST.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <tare/tare.h>

#include "check.h"

enum { EXACT = 0, LOUD = 2, NOT_OPENED = 3, BLOCKS = 12, MIB = 1 << 20, STEP_BYTES = MIB / 2, STEPS = 120 };

static int error;

static void note(const tare_failure *failure, void *context)
{
    (void)context;
    error = failure->error;
}

static uint64_t mapped_bytes(void)
{
    static char text[64];
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL)
        SKIP("/proc is missing");
    CHECK(fgets(text, sizeof text, file) != NULL);
    fclose(file);
    return strtoull(text, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void limit(uint64_t bytes)
{
    struct rlimit limit;
    CHECK_EQUAL(getrlimit(RLIMIT_AS, &limit), 0);
    limit.rlim_cur = bytes;
    CHECK_EQUAL(setrlimit(RLIMIT_AS, &limit), 0);
}

static int judge(const tare_stats *stats, const tare_stats *expected)
{
    /* These need no memory. */
    CHECK_EQUAL(stats->allocations, expected->allocations);
    CHECK_EQUAL(stats->deallocations, expected->deallocations);
    CHECK_EQUAL(stats->bytes_allocated, expected->bytes_allocated);
    CHECK_EQUAL(stats->failed_allocations, expected->failed_allocations);
    if (stats->inexact != 0) {
        CHECK(stats->inexact & TARE_INEXACT_LOST);
        CHECK_EQUAL(stats->inexact | TARE_INEXACT_LOST | TARE_INEXACT_UNKNOWN_BLOCK,
                    TARE_INEXACT_LOST | TARE_INEXACT_UNKNOWN_BLOCK);
        return LOUD;
    }
    CHECK_EQUAL(stats->bytes_deallocated, expected->bytes_deallocated);
    CHECK_EQUAL(stats->leaked_allocations, 0);
    CHECK_EQUAL(stats->leaked_bytes, 0);
    CHECK_EQUAL(stats->peak_bytes, expected->peak_bytes);
    return EXACT;
}

/* Blocks of half a MiB, each a mapping where the block map has nothing yet. */
static int measure_within(uint64_t more_bytes)
{
    static char *blocks[BLOCKS];
    tare_set_failure_handler(note, NULL, NULL, NULL);
    uint64_t now = mapped_bytes();
    limit(now + more_bytes);
    tare_scope *scope = tare_open();
    if (scope == NULL) {
        CHECK_EQUAL(error, TARE_ERROR_NO_MEMORY);
        return NOT_OPENED;
    }
    tare_stats stats, expected = {0};
    for (unsigned i = 0; i < BLOCKS; i++) {
        size_t size = STEP_BYTES - i;
        blocks[i] = malloc(size);
        if (blocks[i] == NULL) {
            expected.failed_allocations++;
            continue;
        }
        memset(blocks[i], 'x', size);
        expected.allocations++;
        expected.bytes_allocated += size;
    }
    for (unsigned i = 0; i < BLOCKS; i++) {
        expected.deallocations += blocks[i] != NULL;
        free(blocks[i]);
    }
    expected.bytes_deallocated = expected.peak_bytes = expected.bytes_allocated;
    CHECK_EQUAL(tare_close(scope, &stats), 0);
    int result = judge(&stats, &expected);

    /* With memory again, the next result is exact again. */
    limit(RLIM_INFINITY);
    tare_measure(&stats) {
        for (unsigned i = 0; i < BLOCKS; i++)
            free(malloc(STEP_BYTES - i));
    }
    CHECK_EQUAL(stats.inexact, 0);
    CHECK_EQUAL(stats.allocations, BLOCKS);
    CHECK_EQUAL(stats.bytes_deallocated, stats.bytes_allocated);
    return result;
}

int main(void)
{
    int seen[4] = {0, 0, 0, 0};
    for (int step = 0; step < STEPS; step++) {
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0)
            _exit(measure_within((uint64_t)step * STEP_BYTES));
        int status;
        CHECK_EQUAL(waitpid(child, &status, 0), child);
        if (WIFSIGNALED(status))
            dprintf(2, "with %d bytes more: signal %d\n", step * STEP_BYTES, WTERMSIG(status));
        CHECK(WIFEXITED(status));
        CHECK(WEXITSTATUS(status) == EXACT || WEXITSTATUS(status) == LOUD || WEXITSTATUS(status) == NOT_OPENED);
        seen[WEXITSTATUS(status)]++;
    }
    dprintf(2, "%d exact, %d lost, %d not opened\n", seen[EXACT], seen[LOUD], seen[NOT_OPENED]);
    CHECK(seen[EXACT] != 0);
    CHECK(seen[LOUD] != 0);
    return 0;
}
