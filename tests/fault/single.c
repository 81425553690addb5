/* SPDX-License-Identifier: MIT */
/* Which calls fail, to the one: by ordinal, quota, chance, size, site, thread and domain. */
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <sys/wait.h>
#include <tare/allocator.h>

#include "caught.h"

enum { CALLS = 64 };

/* A bit for each of so many calls that fails. */
static uint64_t failing(unsigned calls, size_t size)
{
    uint64_t bits = 0;
    for (unsigned i = 0; i < calls; i++) {
        void *block = malloc(size);
        bits |= (uint64_t)(block == NULL) << i;
        free(block);
    }
    return bits;
}

static void check_ordinals(void)
{
    uint64_t bits = 0;
    for (uint64_t n = 1; n <= CALLS; n++) {
        tare_fail_nth(n) bits = failing(CALLS, 10);
        CHECK(bits == UINT64_C(1) << (n - 1));
        CHECK_EQUAL(tare_fault_fired(), 1);
        tare_fail_nth(n, .in_a_row = 3) bits = failing(CALLS, 10);
        CHECK(bits == UINT64_C(7) << (n - 1));
        tare_fail_nth(n, .in_a_row = TARE_FAULT_FOREVER) bits = failing(CALLS, 10);
        CHECK(bits == UINT64_MAX << (n - 1));
        CHECK_EQUAL(tare_fault_fired(), CALLS + 1 - n);
    }
    bits = failing(CALLS, 10);
    CHECK(bits == 0);
}

static void check_sizes(void)
{
    uint64_t small = 0, exact = 0, large = 0;
    tare_fail_nth(2, .size_low = 10, .size_high = 20, .in_a_row = TARE_FAULT_FOREVER)
    {
        small = failing(4, 9);
        exact = failing(2, 10);
        large = failing(4, 21);
        exact |= failing(1, 20) << 2;
    }
    CHECK(small == 0 && large == 0);
    CHECK_EQUAL(exact, 6);
    CHECK_EQUAL(tare_fault_fired(), 2);
}

/* Over 100 bytes live, to the byte; a reallocation by what it grows. */
static void check_quota(void)
{
    void *keep = malloc(50);
    tare_fail_over(100)
    {
        char *one = malloc(60), *other = malloc(40);
        CHECK(one != NULL && other != NULL);
        CHECK(malloc(1) == NULL);
        CHECK(realloc(one, 61) == NULL);
        CHECK(malloc(0) != NULL); /* which is over nothing */
        one = realloc(one, 59);
        CHECK(one != NULL);
        CHECK(malloc(2) == NULL);
        void *last = malloc(1);
        CHECK(last != NULL);
        free(one);
        one = malloc(59);
        CHECK(one != NULL);
        CHECK(calloc(1, 1) == NULL);
        free(keep); /* of before: that makes room, too */
        CHECK((keep = malloc(50)) != NULL);
        free(last);
        free(one);
        free(other);
        CHECK_EQUAL(tare_fault_fired(), 4);
    }
    free(keep);
}

static void check_chance(void)
{
    uint64_t first = 0, again = 0, other = 0, all = 0, none = 0, many = 0;
    tare_fail_random(0.5, 1) first = failing(CALLS, 10);
    tare_fail_random(0.5, 1) again = failing(CALLS, 20);
    tare_fail_random(0.5, 2) other = failing(CALLS, 10);
    tare_fail_random(1, 7) all = failing(CALLS, 10);
    tare_fail_random(0, 7) none = failing(CALLS, 10);
    CHECK(first == again && first != other);
    CHECK(all == UINT64_MAX && none == 0);
    enum { TRIES = 100000 };
    tare_fail_random(0.25, 3)
    {
        for (int i = 0; i < TRIES; i++)
            many += failing(1, 1);
    }
    CHECK_EQUAL(tare_fault_fired(), many);
    CHECK(many > 24500 && many < 25500); /* the deviation is 137 */
}

__attribute__((noinline)) static void *parse_name(void)
{
    void *block = malloc(10);
    __asm__ volatile("" : : "r"(block) : "memory");
    return block;
}

__attribute__((noinline)) static void *format_name(void)
{
    void *block = malloc(20);
    __asm__ volatile("" : : "r"(block) : "memory");
    return block;
}

static void check_sites(void)
{
    tare_fail_sites("parse_*")
    {
        CHECK(parse_name() == NULL);
        void *block = format_name();
        CHECK(block != NULL);
        free(block);
        CHECK(parse_name() == NULL);
        CHECK_EQUAL(tare_fault_fired(), 2);
    }
    unsigned before = caught.count;
    tare_fail_sites("no_function_of_such_a_name") CHECK_EQUAL(failing(3, 10), 0);
    CHECK_EQUAL(caught_since(&before), 1);
    CHECK_EQUAL(caught.error, TARE_ERROR_NO_SITES);
}

/* ---- Whose ------------------------------------------------------------------- */

static void *fail_in_thread(void *bits)
{
    *(uint64_t *)bits = failing(8, 10);
    return NULL;
}

static uint64_t in_thread(void)
{
    pthread_t thread;
    uint64_t bits = 0;
    CHECK(pthread_create(&thread, NULL, fail_in_thread, &bits) == 0);
    pthread_join(thread, NULL);
    return bits;
}

static void check_domains(void)
{
    uint64_t other = 1, own = 0;
    tare_fail_nth(1, .in_a_row = TARE_FAULT_FOREVER)
    {
        other = in_thread();
        own = failing(8, 10);
    }
    CHECK_EQUAL(other, 0);
    CHECK_EQUAL(own, 255);
    tare_fail_nth(3, .domain = TARE_FAMILY, .in_a_row = 8)
    {
        own = failing(1, 10);
        other = in_thread();
        own |= failing(8, 10) << 1;
    }
    CHECK_EQUAL(other, 0xfe);
    CHECK_EQUAL(own, 2);
    tare_fail_nth(2, .domain = TARE_PROCESS) other = in_thread();
    CHECK_EQUAL(other, 2);
}

/* Exactly so many of both, whoever comes first. */
static void *storm(void *failed)
{
    for (int i = 0; i < 20000; i++) {
        void *block = malloc(16);
        *(unsigned *)failed += block == NULL;
        free(block);
    }
    return NULL;
}

static void check_two_threads(void)
{
    unsigned failed[2] = {0, 0};
    pthread_t threads[2];
    tare_fail_nth(1000, .domain = TARE_PROCESS, .in_a_row = 12345)
    {
        for (int i = 0; i < 2; i++)
            CHECK(pthread_create(&threads[i], NULL, storm, &failed[i]) == 0);
        for (int i = 0; i < 2; i++)
            pthread_join(threads[i], NULL);
        CHECK_EQUAL(tare_fault_fired(), 12345);
    }
    CHECK_EQUAL(failed[0] + failed[1], 12345);
}

/* A child that the block forks has no failures, and counts for nothing. */
static void check_child(void)
{
    tare_fail_nth(2)
    {
        pid_t child = fork();
        if (child == 0)
            _exit(failing(8, 10) == 0 ? 0 : 1);
        int status = 1;
        CHECK(waitpid(child, &status, 0) == child && status == 0);
        CHECK_EQUAL(failing(8, 10), 2);
    }
}

/* ---- What is spared ------------------------------------------------------------ */

static void check_spared(void)
{
    uint64_t spared = 1, uncounted = 1, inner = 1, rest = 0;
    tare_fail_nth(2, .in_a_row = TARE_FAULT_FOREVER)
    {
        tare_no_faults()
        {
            spared = failing(8, 10);
            tare_no_faults() inner = failing(8, 10);
            spared |= failing(8, 10);
        }
        tare_uncounted()
            uncounted = failing(8, 10);
        rest = failing(8, 10);
    }
    CHECK(spared == 0 && inner == 0 && uncounted == 0);
    CHECK_EQUAL(rest, 0xfe);
    CHECK_EQUAL(tare_fault_fired(), 7);
}

static jmp_buf out;

__attribute__((noinline)) static void leave_spared(void)
{
    tare_no_faults() longjmp(out, 1);
}

/* One that a jump has left spares nothing from further out. */
static void check_left(void)
{
    tare_fail_nth(1)
    {
        if (setjmp(out) == 0)
            leave_spared();
        CHECK(malloc(10) == NULL);
        CHECK_EQUAL(tare_fault_fired(), 1);
    }
}

static void check_nested(void)
{
    uint64_t inside = 0, outside = 0;
    tare_fail_nth(6)
    {
        tare_fail_nth(2)
        {
            inside = failing(3, 10);
            CHECK_EQUAL(tare_fault_fired(), 1);
        }
        CHECK_EQUAL(tare_fault_fired(), 0);
        outside = failing(5, 10);
        CHECK_EQUAL(tare_fault_fired(), 1);
    }
    CHECK_EQUAL(inside, 2);
    CHECK_EQUAL(outside, 4);
}

/* ---- Others ------------------------------------------------------------------- */

static int inner_calls;

static void *pool_alloc(void *context, size_t size)
{
    (void)context;
    inner_calls++;
    return malloc(size);
}

static void *pool_realloc(void *context, void *block, size_t size)
{
    (void)context;
    inner_calls++;
    return realloc(block, size);
}

static void pool_free(void *context, void *block)
{
    (void)context;
    free(block);
}

static void check_wrapped(void)
{
    const tare_allocator pool = {pool_alloc, pool_realloc, pool_free, NULL};
    tare_allocator counted = tare_wrap(&pool);
    tare_stats stats;
    tare_measure(&stats)
        tare_fail_nth(2, .in_a_row = 2)
        {
            char *block = counted.alloc(counted.context, 30);
            CHECK(block != NULL);
            errno = 0;
            CHECK(counted.alloc(counted.context, 30) == NULL && errno == ENOMEM);
            CHECK(counted.realloc(counted.context, block, 60) == NULL);
            CHECK_EQUAL(tare_wrapped_size(&counted, block), 30);
            CHECK_EQUAL(inner_calls, 1);
            block = counted.realloc(counted.context, block, 60);
            CHECK(block != NULL);
            counted.free(counted.context, block);
        }
    CHECK_EQUAL(stats.allocations, 1);
    CHECK_EQUAL(stats.reallocations, 1);
    CHECK_EQUAL(stats.deallocations, 1);
    CHECK_EQUAL(stats.failed_allocations, 2);
    CHECK_EQUAL(stats.leaked_bytes, 0);
}

static void check_errors(void)
{
    unsigned before = caught.count;
    static const struct {
        size_t low, high;
    } none = {20, 10};
    uint64_t bits = 0;
    tare_fail_nth(0) bits |= failing(3, 10);
    CHECK(caught_since(&before) == 1 && caught.error == TARE_ERROR_BAD_FAULT);
    tare_fail_random(1.5, 0) bits |= failing(3, 10);
    CHECK(caught_since(&before) == 1 && caught.error == TARE_ERROR_BAD_FAULT);
    tare_fail_random(-0.1, 0) bits |= failing(3, 10);
    CHECK(caught_since(&before) == 1 && caught.error == TARE_ERROR_BAD_FAULT);
    tare_fail_nth(1, .size_low = none.low, .size_high = none.high) bits |= failing(3, 10);
    CHECK(caught_since(&before) == 1 && caught.error == TARE_ERROR_BAD_FAULT);
    CHECK_CONTAINS(caught.message, "tare_fail_nth");
    tare_fail_nth(1, .domain = (tare_domain)9) bits |= failing(3, 10);
    CHECK(caught_since(&before) == 1 && caught.error == TARE_ERROR_BAD_DOMAIN);
    CHECK(bits == 0);
}

int main(void)
{
    catch_failures();
    check_ordinals();
    check_sizes();
    check_quota();
    check_chance();
    check_domains();
    check_two_threads();
    check_spared();
    if (!CHECK_THREAD_SANITIZED) /* whose hooks are left by calls and not by jumps: their frames are further in */
        check_left();
    check_nested();
    check_wrapped();
    check_errors();
    if (!CHECK_SANITIZED) {
        check_child();
        check_sites();
    }
    return caught.count == (CHECK_SANITIZED ? 5 : 6) ? 0 : 1;
}
