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

enum { EXACT = 0, LOUD = 2, NOT_OPENED = 3, BLOCKS = 12, STEP_BYTES = 512 * 1024, STEPS = 60 };
enum kind { MALLOC, ALIGNED_ALLOC, REALLOC, KINDS };

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
    CHECK_EQUAL(stats->reallocations, expected->reallocations);
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

static void note_result(tare_stats *expected, const void *block, size_t bytes)
{
    expected->allocations += block != NULL;
    expected->failed_allocations += block == NULL;
    expected->bytes_allocated += block != NULL ? bytes : 0;
}

static char *allocate(enum kind kind, size_t size, tare_stats *expected)
{
    char *block = kind == MALLOC ? malloc(size) : kind == ALIGNED_ALLOC ? aligned_alloc(64, size) : malloc(10);
    note_result(expected, block, kind == REALLOC ? 10 : size);
    if (kind != REALLOC || block == NULL)
        return block;
    char *larger = realloc(block, size);
    expected->reallocations += larger != NULL;
    expected->failed_allocations += larger == NULL;
    expected->bytes_allocated += larger != NULL ? size - 10 : 0;
    return larger != NULL ? larger : block;
}

/* Blocks of half a MiB, each a mapping where the block map has nothing yet. */
static int measure_within(uint64_t more_bytes, enum kind kind)
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
        blocks[i] = allocate(kind, STEP_BYTES - 64 * i, &expected);
        if (blocks[i] != NULL)
            blocks[i][0] = 'x';
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

static void measure_within_each_limit(enum kind kind)
{
    int seen[4] = {0, 0, 0, 0};
    for (int step = 0; step < STEPS; step++) {
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0)
            _exit(measure_within((uint64_t)step * STEP_BYTES, kind));
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
}

int main(void)
{
    for (int kind = 0; kind < KINDS; kind++)
        measure_within_each_limit((enum kind)kind);
    return 0;
}
