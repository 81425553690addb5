/* SPDX-License-Identifier: MIT */
/* Each function of malloc's family fails as its manual says: once, and with errno; the call before and the call
 * after succeed; nothing but failed_allocations counts it. */
#include <check.h>
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <tare/fault.h>

static void *by_malloc(void)
{
    return malloc(100);
}

static void *by_calloc(void)
{
    return calloc(4, 25);
}

static void *by_realloc_of_null(void)
{
    return realloc(NULL, 100);
}

static void *by_reallocarray_of_null(void)
{
    return reallocarray(NULL, 4, 25);
}

static void *by_memalign(void)
{
    return memalign(64, 100);
}

static void *by_aligned_alloc(void)
{
    return aligned_alloc(4, 100);
}

static void *by_valloc(void)
{
    return valloc(100);
}

static void *by_pvalloc(void)
{
    return pvalloc(100);
}

/* It returns the error, and leaves the pointer alone. */
static void *by_posix_memalign(void)
{
    static char untouched;
    void *block = &untouched;
    int error = posix_memalign(&block, 64, 100);
    CHECK(error == 0 || error == ENOMEM);
    CHECK((error == 0) == (block != &untouched));
    return error == 0 ? block : NULL;
}

static void *(*const makers[])(void) = {by_malloc,        by_calloc,        by_realloc_of_null, by_reallocarray_of_null,
                                        by_memalign,      by_aligned_alloc, by_valloc,          by_pvalloc,
                                        by_posix_memalign};
enum { MAKERS = sizeof makers / sizeof *makers, CALLS = 5 };

static void check_maker(void *(*make)(void), uint64_t n)
{
    void *blocks[CALLS];
    int errors[CALLS];
    tare_stats stats;
    tare_measure(&stats)
        tare_fail_nth(n)
        {
            for (uint64_t i = 0; i < CALLS; i++) {
                errno = 77;
                blocks[i] = make();
                errors[i] = errno;
            }
            CHECK_EQUAL(tare_fault_fired(), n <= CALLS);
        }
    for (uint64_t i = 0; i < CALLS; i++) {
        CHECK((blocks[i] == NULL) == (i + 1 == n));
        CHECK_EQUAL(errors[i], i + 1 == n ? ENOMEM : 77);
        free(blocks[i]);
    }
    uint64_t failed = n <= CALLS;
    CHECK_EQUAL(stats.allocations, CALLS - failed);
    CHECK_EQUAL(stats.failed_allocations, failed);
    CHECK_EQUAL(stats.bytes_allocated, 100 * (CALLS - failed));
    CHECK_EQUAL(stats.leaked_allocations, CALLS - failed);
    CHECK_EQUAL(stats.inexact, 0);
    CHECK_EQUAL(tare_fault_fired(), failed);
}

static void *resize(void *block, size_t size, bool as_array)
{
    return as_array ? reallocarray(block, size / 4, 4) : realloc(block, size);
}

/* Pitfall 69: the block stays, with its size and its contents. */
static void check_resized(bool as_array, size_t size)
{
    tare_stats stats;
    void *resized = NULL;
    int error = 0;
    tare_measure(&stats) {
        char *block = malloc(100);
        memset(block, 'x', 100);
        tare_fail_nth(1)
        {
            errno = 0;
            resized = resize(block, size, as_array);
            error = errno;
        }
        CHECK(resized == NULL);
        CHECK_EQUAL(error, ENOMEM);
        for (int i = 0; i < 100; i++)
            CHECK(block[i] == 'x');
        block = resize(block, size, as_array);
        CHECK(block != NULL && block[0] == 'x');
        free(block);
    }
    CHECK_EQUAL(stats.allocations, 1);
    CHECK_EQUAL(stats.reallocations, 1);
    CHECK_EQUAL(stats.deallocations, 1);
    CHECK_EQUAL(stats.failed_allocations, 1);
    CHECK_EQUAL(stats.bytes_reallocated, (int64_t)size - 100);
    CHECK_EQUAL(stats.leaked_allocations, 0);
    CHECK_EQUAL(stats.inexact, 0);
}

/* realloc(block, 0) frees, which can't fail; nor can free. */
static void check_what_does_not_fail(void)
{
    tare_stats stats;
    tare_measure(&stats)
        tare_fail_nth(3, .in_a_row = TARE_FAULT_FOREVER)
        {
            void *one = malloc(10), *other = malloc(20);
            CHECK(one != NULL && other != NULL);
            free(one);
            CHECK(realloc(other, 0) == NULL);
            CHECK(malloc(1) == NULL && malloc(1) == NULL);
            free(NULL);
        }
    CHECK_EQUAL(stats.allocations, 2);
    CHECK_EQUAL(stats.deallocations, 2);
    CHECK_EQUAL(stats.failed_allocations, 2);
    CHECK_EQUAL(tare_fault_fired(), 2);
}

int main(void)
{
    for (unsigned i = 0; i < MAKERS; i++)
        for (uint64_t n = 1; n <= CALLS + 1; n++)
            check_maker(makers[i], n);
    for (size_t size = 8; size <= 4096; size *= 8) {
        check_resized(false, size);
        check_resized(true, size);
    }
    check_what_does_not_fail();
    return 0;
}
