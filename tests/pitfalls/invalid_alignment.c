/* SPDX-License-Identifier: MIT */
/* Pitfall 37: alignments that the standard does not allow. Libcs differ in what
 * they accept, so tare leaves the judging to the real function: same result and
 * same errno as libc's own, and it counts as what it turned out to be. */
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <tare/tare.h>

#include "check.h"
#include "libc_functions.h"

static volatile size_t alignments[] = {0, 1, 2, 3, 5, 8, 24, 48, 64, 4096, SIZE_MAX / 2 + 1, SIZE_MAX};
static volatile size_t sizes[] = {0, 10, 100, SIZE_MAX - 100};

struct result {
    bool made;
    int error;
    size_t misalignment; /* of the block, to 16 */
};

typedef void *aligned_function(size_t alignment, size_t size);

static struct result call(aligned_function *function, size_t alignment, size_t size, tare_stats *stats)
{
    void *block = NULL;
    int error = 0;
    errno = 77;
    tare_measure(stats) {
        block = function(alignment, size);
        error = errno;
    }
    struct result result = {block != NULL, error, (uintptr_t)block % 16};
    free(block);
    return result;
}

static void compare(aligned_function *ours, aligned_function *libcs, size_t alignment, size_t size)
{
    tare_stats stats;
    struct result expected = call(libcs, alignment, size, &stats);
    CHECK_EQUAL(stats.allocations + stats.failed_allocations, 0);
    struct result actual = call(ours, alignment, size, &stats);
    CHECK_EQUAL(actual.made, expected.made);
    CHECK_EQUAL(actual.error, expected.error);
    CHECK_EQUAL(actual.misalignment, expected.misalignment);
    CHECK_EQUAL(stats.allocations, expected.made ? 1 : 0);
    CHECK_EQUAL(stats.failed_allocations, expected.made ? 0 : 1);
    CHECK_EQUAL(stats.bytes_allocated, expected.made ? size : 0);
}

int main(void)
{
    for (size_t a = 0; a < sizeof alignments / sizeof *alignments; a++)
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            compare(aligned_alloc, libc_functions()->aligned_alloc, alignments[a], sizes[s]);
            compare(memalign, libc_functions()->memalign, alignments[a], sizes[s]);
        }
    return 0;
}
