/* SPDX-License-Identifier: MIT */
/* Pitfall 12: tare built with a boot arena too small for what the loader
 * allocates while the real functions are looked up. It spills, the program does
 * not notice, and its figures are its own. */
#include <dlfcn.h>
#include <stdlib.h>
#include <tare/tare.h>

#include "boot.h"
#include "check.h"

extern char __executable_start, end;

int main(void)
{
    /* The next block of the arena lies outside of this program: it has spilled. */
    uintptr_t next = (uintptr_t)tare__boot_allocate(0, 1);
    CHECK(next != 0);
    CHECK(next < (uintptr_t)&__executable_start || next >= (uintptr_t)&end);

    tare_stats stats;
    tare_measure(&stats) {
        /* Both free what the loader allocated in the arena, if it still holds it. */
        CHECK(dlsym(RTLD_DEFAULT, "malloc") != NULL);
        CHECK(dlerror() == NULL);
        free(malloc(10));
    }
    CHECK_EQUAL(stats.allocations, 1);
    CHECK_EQUAL(stats.deallocations, 1);
    CHECK_EQUAL(stats.bytes_deallocated, 10);
    CHECK_EQUAL(stats.inexact, 0);

    /* A block of the arena in the program's hands: resized and freed by the
     * public functions it moves to the real allocator, or is left alone. */
    char *early = tare__boot_allocate(0, 100);
    CHECK(early != NULL);
    free(early);
    return 0;
}
