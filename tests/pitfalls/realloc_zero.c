/* SPDX-License-Identifier: MIT */
/* Pitfall 35: realloc(block, 0). glibc frees the block, returns NULL and leaves
 * errno alone; that is a deallocation, and neither a reallocation nor a failure.
 * Each result is held against libc's own. */
#include <errno.h>
#include <stdlib.h>
#include <tare/tare.h>

#include "check.h"
#include "libc_functions.h"

static volatile size_t zero; /* what the compiler does not know it can't fold */

static void *old;
static void *result;
static int seen_errno;
static void *(*reallocate)(void *block, size_t size);

static void shrink_to_nothing(void *argument)
{
    (void)argument;
    errno = 0;
    result = reallocate(old, zero);
    seen_errno = errno;
}

static void allocate_nothing(void *argument)
{
    (void)argument;
    errno = 0;
    result = realloc(NULL, zero);
    seen_errno = errno;
}

int main(void)
{
    old = libc_functions()->malloc(100);
    reallocate = libc_functions()->realloc;
    shrink_to_nothing(NULL);
    CHECK(result == NULL);
    CHECK_EQUAL(seen_errno, 0);

    old = malloc(100);
    reallocate = realloc;
    tare_stats stats = tare_measured(shrink_to_nothing, NULL);
    CHECK(result == NULL);
    CHECK_EQUAL(seen_errno, 0);
    CHECK_EQUAL(stats.inexact, 0);
    CHECK_EQUAL(stats.deallocations, 1);
    CHECK_EQUAL(stats.bytes_deallocated, 100);
    CHECK_EQUAL(stats.reallocations, 0);
    CHECK_EQUAL(stats.bytes_reallocated, 0);
    CHECK_EQUAL(stats.allocations, 0);
    CHECK_EQUAL(stats.failed_allocations, 0);

    /* Once gone it is gone: nothing of it leaks. */
    tare_measure(&stats) {
        old = malloc(100);
        shrink_to_nothing(NULL);
    }
    CHECK_EQUAL(stats.allocations, 1);
    CHECK_EQUAL(stats.deallocations, 1);
    CHECK_EQUAL(stats.leaked_allocations, 0);
    CHECK_EQUAL(stats.leaked_bytes, 0);

    /* With nobody measuring it is forgotten too: its address, given out anew, is another block. */
    old = malloc(100);
    shrink_to_nothing(NULL);
    tare_measure(&stats) {
        old = malloc(90);
        free(old);
    }
    CHECK_EQUAL(stats.inexact, 0);
    CHECK_EQUAL(stats.bytes_deallocated, 90);

    /* realloc(NULL, 0) is malloc(0), a block. */
    stats = tare_measured(allocate_nothing, NULL);
    CHECK(result != NULL);
    CHECK_EQUAL(seen_errno, 0);
    CHECK_EQUAL(stats.allocations, 1);
    CHECK_EQUAL(stats.reallocations, 0);
    CHECK_EQUAL(stats.bytes_allocated, 0);
    CHECK_EQUAL(stats.leaked_allocations, 1);
    free(result);
    return 0;
}
