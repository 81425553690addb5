/* SPDX-License-Identifier: MIT */
/* Pitfall 11: dlopen looks at the RUNPATH of the module that calls it, so an
 * interposer of dlopen would put its own in the caller's place. Argument: the
 * file name of a module that only runpath_outer's RUNPATH leads to. */
#include <dlfcn.h>
#include <stdlib.h>
#include <tare/tare.h>

#include "check.h"

void *open_inner(const char *name);

int main(int count, char **arguments)
{
    CHECK(count == 2);
    CHECK(dlopen(arguments[1], RTLD_NOW) == NULL); /* it takes that RUNPATH */
    void *inner = open_inner(arguments[1]);
    if (inner == NULL)
        dprintf(2, "%s\n", dlerror());
    CHECK(inner != NULL);
    void *(*allocate)(size_t);
    *(void **)&allocate = dlsym(inner, "module_allocate");
    CHECK(allocate != NULL);
    tare_stats stats;
    tare_measure(&stats) {
        free(allocate(70));
    }
    CHECK_EQUAL(stats.allocations, 1);
    CHECK_EQUAL(stats.bytes_allocated, 70);
    CHECK_EQUAL(stats.inexact, 0);
    return 0;
}
