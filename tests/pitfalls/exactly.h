/* SPDX-License-Identifier: MIT */
/* Is what tare says right now exact? Asked after something that may have left
 * it in disorder. */
#ifndef EXACTLY_H
#define EXACTLY_H

#include <stdlib.h>

#include <tare/tare.h>

#include "check.h"

/* Two allocations, one of them resized, one left behind, in the open form. */
static inline void check_exact(tare_domain domain)
{
    tare_options options = {0};
    options.domain = domain;
    tare_scope *scope = tare_open_with(&options);
    tare_stats stats;
    void *first = malloc(100);
    void *second = malloc(11);
    first = realloc(first, 300);
    free(second);
    CHECK(tare_close(scope, &stats) == 0);
    free(first);
    CHECK_EQUAL(stats.inexact, 0);
    CHECK_EQUAL(stats.allocations, 2);
    CHECK_EQUAL(stats.reallocations, 1);
    CHECK_EQUAL(stats.deallocations, 1);
    CHECK_EQUAL(stats.bytes_allocated, 311);
    CHECK_EQUAL(stats.bytes_deallocated, 11);
    CHECK_EQUAL(stats.bytes_reallocated, 200);
    CHECK_EQUAL(stats.peak_bytes, 311);
    CHECK_EQUAL(stats.leaked_allocations, 1);
    CHECK_EQUAL(stats.leaked_bytes, 300);
}

/* The same in the form of a block, and in both domains. */
static inline void check_all_exact(void)
{
    check_exact(TARE_THREAD);
    check_exact(TARE_PROCESS);
    static const tare_domain domains[] = {TARE_THREAD, TARE_PROCESS};
    for (int i = 0; i < 2; i++) {
        tare_stats stats;
        void *kept = NULL;
#ifdef __cplusplus
        tare_measure(&stats, "exactly", domains[i])
#else
        tare_measure(&stats, .domain = domains[i])
#endif
        {
            free(malloc(40));
            kept = malloc(2);
        }
        free(kept);
        CHECK_EQUAL(stats.inexact, 0);
        CHECK_EQUAL(stats.allocations, 2);
        CHECK_EQUAL(stats.deallocations, 1);
        CHECK_EQUAL(stats.bytes_allocated, 42);
        CHECK_EQUAL(stats.peak_bytes, 40);
        CHECK_EQUAL(stats.leaked_allocations, 1);
        CHECK_EQUAL(stats.leaked_bytes, 2);
    }
}

/* The same for every domain, one block in the other; for that of the process
 * only where no other thread is about. */
static inline void check_domains_exact(bool alone)
{
    for (int i = TARE_THREAD; i <= TARE_TASK; i++) {
        tare_domain domain = (tare_domain)i;
        if (domain == TARE_PROCESS && !alone)
            continue;
        tare_stats outer, inner;
        void *kept = NULL;
#ifdef __cplusplus
        tare_measure(&outer, "outer", domain)
            tare_measure(&inner, "inner", domain)
#else
        tare_measure(&outer, .domain = domain)
            tare_measure(&inner, .domain = domain)
#endif
            {
                free(malloc(40));
                kept = malloc(2);
            }
        free(kept);
        CHECK(tare_stats_equal(&outer, &inner));
        CHECK_EQUAL(inner.inexact, 0);
        CHECK_EQUAL(inner.allocations, 2);
        CHECK_EQUAL(inner.deallocations, 1);
        CHECK_EQUAL(inner.bytes_allocated, 42);
        CHECK_EQUAL(inner.peak_bytes, 40);
        CHECK_EQUAL(inner.leaked_bytes, 2);
    }
}

#endif
