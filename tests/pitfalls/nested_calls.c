/* SPDX-License-Identifier: MIT */
/* Pitfall 42: over an allocator whose functions call each other through the
 * PLT, each call of the program counts once, with the bytes that the program
 * asked for, and leaks are right. Run with LD_PRELOAD="libtare.so nesting". */
#include <dlfcn.h>
#include <malloc.h>
#include <stdlib.h>
#include <tare/tare.h>

#include "check.h"

static unsigned *mallocs, *frees;

static void check_one(const tare_stats *stats, uint64_t bytes)
{
    CHECK_EQUAL(stats->inexact, 0);
    CHECK_EQUAL(stats->allocations, 1);
    CHECK_EQUAL(stats->deallocations, 0);
    CHECK_EQUAL(stats->reallocations, 0);
    CHECK_EQUAL(stats->bytes_allocated, bytes);
    CHECK_EQUAL(stats->peak_bytes, bytes);
    CHECK_EQUAL(stats->leaked_allocations, 1);
    CHECK_EQUAL(stats->leaked_bytes, bytes);
}

/* The call makes one block, by way of the nest; freeing it ends that block. */
#define CHECK_MAKES(bytes, call)                                                                                       \
    do {                                                                                                               \
        tare_stats stats_;                                                                                             \
        void *block_ = NULL;                                                                                           \
        unsigned before_ = *mallocs;                                                                                   \
        tare_measure(&stats_)                                                                                          \
            block_ = (call);                                                                                           \
        CHECK(block_ != NULL);                                                                                         \
        CHECK_EQUAL(*mallocs, before_ + 1);                                                                            \
        check_one(&stats_, bytes);                                                                                     \
        before_ = *frees;                                                                                              \
        tare_measure(&stats_)                                                                                          \
            free(block_);                                                                                              \
        CHECK_EQUAL(*frees, before_ + 1);                                                                              \
        CHECK_EQUAL(stats_.inexact, 0);                                                                                \
        CHECK_EQUAL(stats_.deallocations, 1);                                                                          \
        CHECK_EQUAL(stats_.bytes_deallocated, bytes);                                                                  \
    } while (0)

static void *by_posix_memalign(size_t size)
{
    void *block = NULL;
    CHECK_EQUAL(posix_memalign(&block, 64, size), 0);
    return block;
}

static void check_resizing(void)
{
    tare_stats stats;
    void *block = malloc(100);
    unsigned mallocs_before = *mallocs, frees_before = *frees;
    tare_measure(&stats)
        block = realloc(block, 300);
    CHECK_EQUAL(*mallocs, mallocs_before + 1);
    CHECK_EQUAL(*frees, frees_before + 1);
    CHECK_EQUAL(stats.inexact, 0);
    CHECK_EQUAL(stats.allocations, 0);
    CHECK_EQUAL(stats.deallocations, 0);
    CHECK_EQUAL(stats.reallocations, 1);
    CHECK_EQUAL(stats.bytes_reallocated, 200);
    CHECK_EQUAL(stats.peak_bytes, 200);
    tare_measure(&stats)
        free(block);
    CHECK_EQUAL(stats.bytes_deallocated, 300);
}

int main(void)
{
    mallocs = dlsym(RTLD_DEFAULT, "nesting_mallocs");
    frees = dlsym(RTLD_DEFAULT, "nesting_frees");
    void **inner_malloc = dlsym(RTLD_DEFAULT, "nesting_calls");
    CHECK(mallocs != NULL && frees != NULL && inner_malloc != NULL);
    CHECK(*inner_malloc == dlsym(RTLD_DEFAULT, "malloc")); /* else the nest never meets tare */
    CHECK(*inner_malloc != dlsym(dlopen(getenv("NESTING_ALLOCATOR"), RTLD_NOW | RTLD_NOLOAD), "malloc"));

    CHECK_MAKES(100, malloc(100));
    CHECK_MAKES(100, calloc(10, 10));
    CHECK_MAKES(100, realloc(NULL, 100));
    CHECK_MAKES(100, reallocarray(NULL, 10, 10));
    CHECK_MAKES(100, aligned_alloc(64, 100));
    CHECK_MAKES(100, memalign(64, 100));
    CHECK_MAKES(100, by_posix_memalign(100));
    CHECK_MAKES(100, valloc(100));
    CHECK_MAKES(100, pvalloc(100));
    CHECK_MAKES(5, malloc(5));
    CHECK_MAKES(0, malloc(0));
    check_resizing();

    /* And mixed: what is left is what leaks. */
    tare_stats stats;
    void *kept[2] = {NULL};
    tare_measure(&stats) {
        kept[0] = valloc(10);
        kept[1] = realloc(calloc(3, 3), 50);
        for (int i = 0; i < 100; i++)
            free(valloc(10));
    }
    CHECK_EQUAL(stats.allocations, 102);
    CHECK_EQUAL(stats.deallocations, 100);
    CHECK_EQUAL(stats.reallocations, 1);
    CHECK_EQUAL(stats.leaked_allocations, 2);
    CHECK_EQUAL(stats.leaked_bytes, 60);
    CHECK_EQUAL(stats.peak_bytes, 70);
    free(kept[0]);
    free(kept[1]);
    return 0;
}
