/* SPDX-License-Identifier: MIT */
/*
 * Pitfall 10: a module loaded by dlmopen, with RTLD_DEEPBIND, or linked
 * -Bsymbolic with a malloc of its own calls a malloc that isn't tare's. Those
 * calls are missing, so the result says that it is inexact; a module loaded as
 * usual is counted and sets nothing. Arguments: the way, and the module.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <tare/tare.h>

#include "check.h"

static void *load(const char *way, const char *path)
{
    if (strcmp(way, "dlmopen") == 0)
        return dlmopen(LM_ID_NEWLM, path, RTLD_NOW | RTLD_LOCAL);
    return dlopen(path, RTLD_NOW | RTLD_LOCAL | (strcmp(way, "deepbind") == 0 ? RTLD_DEEPBIND : 0));
}

static void call(void *module)
{
    void *(*allocate)(size_t);
    void (*release)(void *);
    *(void **)&allocate = dlsym(module, "module_allocate");
    *(void **)&release = dlsym(module, "module_free");
    CHECK(allocate != NULL && release != NULL);
    for (int i = 0; i < 10; i++)
        release(allocate(50));
}

int main(int count, char **arguments)
{
    CHECK(count == 3);
    bool ordinary = strcmp(arguments[1], "ordinary") == 0;
    tare_stats loading, calling;

    tare_measure(&loading) {
        free(malloc(10));
    }
    CHECK_EQUAL(loading.inexact, 0);

    /* Loaded inside an open scope, and before the next one. */
    void *module = NULL;
    tare_measure(&loading) {
        module = load(arguments[1], arguments[2]);
    }
    if (module == NULL)
        dprintf(2, "%s\n", dlerror());
    CHECK(module != NULL);
    tare_measure(&calling) {
        call(module);
        free(malloc(10));
    }
    CHECK_EQUAL(loading.inexact & TARE_INEXACT_BYPASSED, ordinary ? 0 : TARE_INEXACT_BYPASSED);
    CHECK_EQUAL(calling.inexact & TARE_INEXACT_BYPASSED, ordinary ? 0 : TARE_INEXACT_BYPASSED);
    CHECK_EQUAL(calling.allocations, ordinary ? 11 : 1);
    if (ordinary)
        CHECK_EQUAL(calling.inexact, 0);

    if (strcmp(arguments[1], "dlmopen") == 0)
        return 0;
    /* Gone again: the next result is exact. */
    dlclose(module);
    tare_measure(&calling) {
        free(malloc(10));
    }
    CHECK_EQUAL(calling.inexact, 0);
    CHECK_EQUAL(calling.allocations, 1);
    return 0;
}
