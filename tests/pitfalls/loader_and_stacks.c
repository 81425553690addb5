/* SPDX-License-Identifier: MIT */
/* Threads allocate from ever new stacks while another opens and closes modules, which
 * allocates under the loader's lock: nobody waits for anybody for ever, and each
 * allocation is counted. Argument: a module that allocates. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>

#include <tare/tare.h>

#include "check.h"

enum { ALLOCATING = 2, PATHS = 4000, LOADS = 400 };

static bool loading = true;
static const char *module_path = "libm.so.6";

__attribute__((noinline)) static int one_way(unsigned path);
__attribute__((noinline)) static int another_way(unsigned path)
{
    volatile int done = one_way(path);
    return done;
}

/* The bits of the path are the calls. */
__attribute__((noinline)) static int one_way(unsigned path)
{
    if (path > 1) {
        volatile int done = path % 2 != 0 ? another_way(path / 2) : one_way(path / 2);
        return done;
    }
    free(malloc(16));
    return 1;
}

static void *allocate(void *unused)
{
    tare_stats stats;
    for (unsigned round = 0; round < 3 || __atomic_load_n(&loading, __ATOMIC_RELAXED); round++) {
        tare_measure(&stats)
            for (unsigned path = 0; path < PATHS; path++)
                one_way(path + PATHS);
        CHECK_EQUAL(stats.allocations, PATHS);
        CHECK_EQUAL(stats.deallocations, PATHS);
    }
    return unused;
}

static void *load(void *unused)
{
    for (int i = 0; i < LOADS; i++) {
        void *module = dlopen(module_path, RTLD_NOW);
        CHECK(module != NULL);
        union {
            void *address;
            void (*call)(void);
        } symbol = {dlsym(module, "allocate_in_module")};
        if (symbol.address != NULL)
            symbol.call();
        CHECK(dlclose(module) == 0);
    }
    __atomic_store_n(&loading, false, __ATOMIC_RELAXED);
    return unused;
}

int main(int argc, char **argv)
{
    pthread_t threads[ALLOCATING + 1];
    tare_stats stats;
    if (argc > 1)
        module_path = argv[1];
    tare_measure(&stats, .domain = TARE_PROCESS) {
        for (int i = 0; i <= ALLOCATING; i++)
            CHECK(pthread_create(&threads[i], NULL, i < ALLOCATING ? allocate : load, NULL) == 0);
        for (int i = 0; i <= ALLOCATING; i++)
            CHECK(pthread_join(threads[i], NULL) == 0);
    }
    CHECK(stats.allocations >= 3 * ALLOCATING * PATHS);
    return 0;
}
