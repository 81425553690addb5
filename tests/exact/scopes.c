/* SPDX-License-Identifier: MIT */
/* How scopes nest, overlap, are read, reset and left, in one thread. */
#include <stdlib.h>
#include <tare/tare.h>

#include "check.h"

static void nested_to_depth(int depth)
{
    if (depth == 0)
        return;
    tare_stats stats;
    tare_measure(&stats) {
        free(malloc(10));
        nested_to_depth(depth - 1);
    }
    CHECK_EQUAL(stats.allocations, depth);
    CHECK_EQUAL(stats.bytes_deallocated, 10 * depth);
    CHECK_EQUAL(stats.peak_bytes, 10);
    CHECK_EQUAL(stats.inexact, 0);
}

/* A block of the outer scope freed in the inner one, and one of the inner kept
 * for the outer. */
static void blocks_cross_scopes(void)
{
    tare_stats outer, inner;
    tare_measure(&outer) {
        void *a = malloc(100), *b = NULL;
        tare_measure(&inner) {
            free(a);
            b = malloc(30);
        }
        free(b);
    }
    CHECK_EQUAL(inner.allocations, 1);
    CHECK_EQUAL(inner.deallocations, 1);
    CHECK_EQUAL(inner.leaked_allocations, 1);
    CHECK_EQUAL(inner.leaked_bytes, 30);
    CHECK_EQUAL(inner.peak_bytes, 0);
    CHECK_EQUAL(outer.allocations, 2);
    CHECK_EQUAL(outer.leaked_allocations, 0);
    CHECK_EQUAL(outer.leaked_bytes, 0);
    CHECK_EQUAL(outer.peak_bytes, 100);
}

static void overlapping(void)
{
    tare_scope *first = tare_open(), *second;
    tare_stats stats;
    void *a = malloc(1);
    second = tare_open(.name = "second");
    void *b = malloc(20);
    CHECK_EQUAL(tare_close(first, &stats), 0);
    CHECK_EQUAL(stats.allocations, 2);
    CHECK_EQUAL(stats.leaked_bytes, 21);
    CHECK_EQUAL(stats.peak_bytes, 21);
    void *c = malloc(300);
    free(a);
    free(b);
    CHECK_EQUAL(tare_close(second, &stats), 0);
    CHECK_EQUAL(stats.allocations, 2);
    CHECK_EQUAL(stats.deallocations, 2);
    CHECK_EQUAL(stats.bytes_deallocated, 21);
    CHECK_EQUAL(stats.leaked_allocations, 1);
    CHECK_EQUAL(stats.leaked_bytes, 300);
    CHECK_EQUAL(stats.peak_bytes, 320);
    free(c);
}

static void read_and_reset(tare_domain domain)
{
    tare_stats stats;
    tare_scope *scope = tare_open(.domain = domain);
    void *a = malloc(100), *b = malloc(50);
    free(b);
    CHECK_EQUAL(tare_read(scope, &stats), 0);
    CHECK_EQUAL(stats.allocations, 2);
    CHECK_EQUAL(stats.leaked_bytes, 100);
    CHECK_EQUAL(stats.peak_bytes, 150);
    b = malloc(70);
    CHECK_EQUAL(tare_reset(scope, &stats), 0);
    CHECK_EQUAL(stats.allocations, 3);
    CHECK_EQUAL(stats.leaked_allocations, 2);
    CHECK_EQUAL(stats.leaked_bytes, 170);
    CHECK_EQUAL(stats.peak_bytes, 170);
    CHECK_EQUAL(tare_read(scope, &stats), 0);
    CHECK_EQUAL(stats.allocations, 0);
    CHECK_EQUAL(stats.leaked_allocations, 0);
    CHECK_EQUAL(stats.peak_bytes, 0);
    free(a);
    free(malloc(5));
    CHECK_EQUAL(tare_reset(scope, NULL), 0);
    free(b);
    a = malloc(1);
    CHECK_EQUAL(tare_close(scope, &stats), 0);
    CHECK_EQUAL(stats.allocations, 1);
    CHECK_EQUAL(stats.deallocations, 1);
    CHECK_EQUAL(stats.bytes_deallocated, 70);
    CHECK_EQUAL(stats.leaked_allocations, 1);
    CHECK_EQUAL(stats.leaked_bytes, 1);
    CHECK_EQUAL(stats.peak_bytes, 0);
    CHECK_EQUAL(stats.inexact, 0);
    free(a);
}

enum way { AT_THE_END, BY_BREAK, BY_CONTINUE, BY_RETURN, BY_GOTO };

static int leave(enum way way, tare_stats *stats)
{
    tare_measure(stats) {
        free(malloc(8));
        if (way == BY_BREAK)
            break;
        if (way == BY_CONTINUE)
            continue;
        if (way == BY_RETURN)
            return 1;
        if (way == BY_GOTO)
            goto out;
        free(malloc(9));
    }
    return 2;
out:
    return 3;
}

static void ways_to_leave(void)
{
    static const struct {
        enum way way;
        int returned;
        int allocations;
    } cases[] = {{AT_THE_END, 2, 2}, {BY_BREAK, 2, 1}, {BY_CONTINUE, 2, 1}, {BY_RETURN, 1, 1}, {BY_GOTO, 3, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tare_stats stats, outer;
        int returned = 0;
        tare_measure(&outer) {
            returned = leave(cases[i].way, &stats);
        }
        CHECK_EQUAL(returned, cases[i].returned);
        CHECK_EQUAL(stats.allocations, cases[i].allocations);
        CHECK_EQUAL(stats.deallocations, cases[i].allocations);
        free(malloc(1000)); /* in no scope any more */
        CHECK_EQUAL(outer.allocations, cases[i].allocations);
    }
}

static void allocate_some(void *count)
{
    for (int i = 0; i < *(int *)count; i++)
        free(malloc(3));
}

static void measured(void)
{
    int count = 17;
    tare_stats stats = tare_measured(allocate_some, &count);
    CHECK_EQUAL(stats.allocations, 17);
    CHECK_EQUAL(stats.bytes_allocated, 51);
    CHECK_EQUAL(stats.peak_bytes, 3);
    CHECK_EQUAL(stats.inexact, 0);
}

/* 200,000 scopes of which each leaks a block that is freed later: the eras and
 * births of scopes must be used again, and never mistaken for each other. */
static void many_scopes(void)
{
    enum { KEPT = 64 };
    void *kept[KEPT] = {NULL};
    for (int i = 0; i < 200000; i++) {
        tare_stats stats;
        void *old = kept[i % KEPT];
        tare_measure(&stats) {
            kept[i % KEPT] = malloc(24);
            free(old);
        }
        CHECK_EQUAL(stats.leaked_allocations, 1);
        CHECK_EQUAL(stats.leaked_bytes, 24);
        CHECK_EQUAL(stats.deallocations, i < KEPT ? 0 : 1);
    }
    for (int i = 0; i < KEPT; i++)
        free(kept[i]);
}

/* More scopes whose blocks live on than a slot of the block map can tell apart:
 * small blocks and large ones have other ways to be remembered then. */
static void more_births_than_fit_a_slot(void)
{
    enum { COUNT = 530000 };
    static const size_t sizes[] = {0, 16, 40, 41, 5000};
    static void *kept[COUNT];
    size_t total = 0;
    tare_stats stats, outer;
    for (int i = 0; i < COUNT; i++) {
        size_t size = i < COUNT - 10000 ? 1 : sizes[i % 5];
        tare_measure(&stats) {
            kept[i] = malloc(size);
        }
        CHECK_EQUAL(stats.leaked_allocations, 1);
        CHECK_EQUAL(stats.leaked_bytes, size);
        total += size;
    }
    tare_measure(&outer) {
        for (int i = 0; i < COUNT; i++)
            free(kept[i]);
        free(realloc(malloc(30), 6000));
    }
    CHECK_EQUAL(outer.deallocations, COUNT + 1);
    CHECK_EQUAL(outer.bytes_deallocated, total + 6000);
    CHECK_EQUAL(outer.leaked_allocations, 0);
    CHECK_EQUAL(outer.leaked_bytes, 0);
    CHECK_EQUAL(outer.inexact, 0);
}

/* A thousand scopes open at once, closed in another order. */
static void many_at_once(void)
{
    enum { COUNT = 1000, STEP = 7 };
    static tare_scope *scopes[COUNT];
    for (int i = 0; i < COUNT; i++) {
        scopes[i] = tare_open();
        free(malloc(1));
    }
    for (int i = 0; i < COUNT; i++) {
        int index = i * STEP % COUNT;
        tare_stats stats;
        CHECK_EQUAL(tare_close(scopes[index], &stats), 0);
        CHECK_EQUAL(stats.allocations, COUNT - index);
        CHECK_EQUAL(stats.inexact, 0);
    }
}

int main(void)
{
    nested_to_depth(100);
    blocks_cross_scopes();
    overlapping();
    read_and_reset(TARE_THREAD);
    read_and_reset(TARE_PROCESS);
    ways_to_leave();
    measured();
    many_scopes();
    many_at_once();
    more_births_than_fit_a_slot();
    nested_to_depth(3);
    return 0;
}
