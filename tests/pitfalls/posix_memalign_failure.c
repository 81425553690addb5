/* SPDX-License-Identifier: MIT */
/* Pitfall 38: a failing posix_memalign returns the error, leaves the caller's
 * pointer untouched, and errno as libc's own leaves it. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <tare/tare.h>

#include "check.h"
#include "libc_functions.h"

static char untouched;

static void check_failure(size_t alignment, size_t size, int expected_error)
{
    void *block = &untouched;
    errno = 77;
    CHECK_EQUAL(libc_functions()->posix_memalign(&block, alignment, size), expected_error);
    int expected_errno = errno;
    CHECK(block == &untouched);

    tare_stats stats;
    int error = 0, seen_errno = 0;
    tare_measure(&stats) {
        errno = 77;
        error = posix_memalign(&block, alignment, size);
        seen_errno = errno;
    }
    CHECK_EQUAL(error, expected_error);
    CHECK_EQUAL(seen_errno, expected_errno);
    CHECK(block == &untouched);
    CHECK_EQUAL(stats.failed_allocations, 1);
    CHECK_EQUAL(stats.allocations, 0);
    CHECK_EQUAL(stats.bytes_allocated, 0);
    CHECK_EQUAL(stats.inexact, 0);
    if (expected_error == EINVAL)
        CHECK_EQUAL(seen_errno, 77);

    errno = 77; /* the same with nobody measuring */
    CHECK_EQUAL(posix_memalign(&block, alignment, size), expected_error);
    CHECK_EQUAL(errno, expected_errno);
    CHECK(block == &untouched);
}

int main(void)
{
    static volatile size_t invalid[] = {0, 1, 2, 3, 4, 7, 12, 24, 100, SIZE_MAX};
    for (size_t i = 0; i < sizeof invalid / sizeof *invalid; i++)
        check_failure(invalid[i], 64, EINVAL);
    check_failure(64, SIZE_MAX - 4096, ENOMEM);
    check_failure(sizeof(void *), SIZE_MAX / 2, ENOMEM);

    tare_stats stats;
    void *block = &untouched;
    errno = 77;
    tare_measure(&stats)
        CHECK_EQUAL(posix_memalign(&block, 64, 10), 0);
    CHECK_EQUAL(errno, 77);
    CHECK(block != &untouched && (uintptr_t)block % 64 == 0);
    CHECK_EQUAL(stats.allocations, 1);
    CHECK_EQUAL(stats.bytes_allocated, 10);
    free(block);
    return 0;
}
