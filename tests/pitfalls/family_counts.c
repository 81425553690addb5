/* SPDX-License-Identifier: MIT */
/*
 * Pitfall 41: an incomplete family. Every function of hooks.def is exported by
 * tare, and one call of it counts exactly once. A line added to hooks.def does
 * not compile here until it is driven too. Called by the address that dlsym
 * finds, so that the compiler has no say and libc need not declare it.
 */
#include <dlfcn.h>
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <tare/tare.h>

#include "check.h"

static struct {
#define TARE_HOOK(result, name, parameters) result(*name) parameters;
#include "hooks.def"
#undef TARE_HOOK
} family;

enum kind { MAKES, RESIZES, ENDS, ASKS };

/* One call of each; block is one of 100 bytes, for functions that take one. */
#define DRIVE(kind, name, ...)                                                                                         \
    enum { KIND_##name = kind };                                                                                       \
    static void *drive_##name(void *block)                                                                             \
    {                                                                                                                  \
        (void)block;                                                                                                   \
        __VA_ARGS__;                                                                                                   \
    }
DRIVE(MAKES, malloc, return family.malloc(100))
DRIVE(MAKES, calloc, return family.calloc(10, 10))
DRIVE(MAKES, memalign, return family.memalign(64, 100))
DRIVE(MAKES, aligned_alloc, return family.aligned_alloc(64, 100))
DRIVE(MAKES, valloc, return family.valloc(100))
DRIVE(MAKES, pvalloc, return family.pvalloc(100))
DRIVE(MAKES, posix_memalign, return family.posix_memalign(&block, 64, 100) == 0 ? block : NULL)
DRIVE(RESIZES, realloc, return family.realloc(block, 100))
DRIVE(RESIZES, reallocarray, return family.reallocarray(block, 10, 10))
DRIVE(ENDS, free, family.free(block); return NULL)
DRIVE(ENDS, cfree, family.cfree(block); return NULL)
DRIVE(ENDS, free_sized, family.free_sized(block, 100); return NULL)
DRIVE(ENDS, free_aligned_sized, family.free_aligned_sized(block, 64, 100); return NULL)
DRIVE(ASKS, malloc_usable_size, return family.malloc_usable_size(block) >= 100 ? block : NULL)

static const struct {
    const char *name;
    int kind; /* enum kind */
    void *(*drive)(void *block);
} functions[] = {
#define TARE_HOOK(result, name, parameters) {#name, KIND_##name, drive_##name},
#include "hooks.def"
#undef TARE_HOOK
};

static void find_family(void)
{
    Dl_info tare, info;
    CHECK(dladdr((void *)tare_version, &tare) != 0);
#define TARE_HOOK(result, name, parameters)                                                                            \
    *(void **)&family.name = dlsym(RTLD_DEFAULT, #name);                                                               \
    CHECK(family.name != NULL);                                                                                        \
    CHECK(dladdr(*(void **)&family.name, &info) != 0);                                                                 \
    CHECK(info.dli_fbase == tare.dli_fbase);
#include "hooks.def"
#undef TARE_HOOK
}

static void check_counts(const char *name, const tare_stats *stats, uint64_t made, uint64_t resized, uint64_t ended)
{
    if (stats->allocations == made && stats->reallocations == resized && stats->deallocations == ended &&
        stats->failed_allocations == 0 && stats->inexact == 0 && stats->bytes_allocated == 100 * made &&
        stats->bytes_deallocated == 100 * ended && stats->bytes_reallocated == 0)
        return;
    char text[1024];
    tare_stats_format(stats, text, sizeof text);
    dprintf(2, "%s counts wrongly:\n%s", name, text);
    _exit(1);
}

int main(void)
{
    find_family();
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        int kind = functions[i].kind;
        tare_stats stats;
        void *block = NULL;
        if (kind == MAKES || kind == RESIZES) {
            tare_measure(&stats)
                block = functions[i].drive(NULL);
            CHECK(block != NULL);
            check_counts(functions[i].name, &stats, 1, 0, 0);
        } else {
            block = aligned_alloc(64, 100);
        }
        if (kind != MAKES) {
            tare_measure(&stats)
                block = functions[i].drive(block);
            check_counts(functions[i].name, &stats, 0, kind == RESIZES, kind == ENDS);
        }
        free(block);
        if (kind == ENDS) {
            tare_measure(&stats)
                functions[i].drive(NULL);
            check_counts(functions[i].name, &stats, 0, 0, 0);
        }
    }
    return 0;
}
