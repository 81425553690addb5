/* SPDX-License-Identifier: MIT */
/* Pitfall 1: pairs and leaks whose block goes unused, each of which some
 * compiler deletes at some level. All must be counted. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <tare/tare.h>

#include "check.h"

static bool exact = true;

static void expect(const char *what, const tare_stats *stats, unsigned allocations, unsigned deallocations,
                   unsigned reallocations, unsigned bytes)
{
    if (stats->allocations == allocations && stats->deallocations == deallocations &&
        stats->reallocations == reallocations && stats->bytes_allocated == bytes && stats->inexact == 0)
        return;
    dprintf(2, "%s: %d allocations, %d deallocations, %d reallocations, %d bytes\n", what, (int)stats->allocations,
            (int)stats->deallocations, (int)stats->reallocations, (int)stats->bytes_allocated);
    exact = false;
}

int main(void)
{
    tare_stats stats;
    tare_measure(&stats) {
        free(malloc(10));
    }
    expect("pair", &stats, 1, 1, 0, 10);

    tare_measure(&stats) {
        char *block = malloc(20);
        if (block != NULL) {
            block[0] = 'x';
            free(block);
        }
    }
    expect("checked pair", &stats, 1, 1, 0, 20);

    tare_measure(&stats) {
        char *block = malloc(30);
        (void)block;
    }
    expect("leak", &stats, 1, 0, 0, 30);

    tare_measure(&stats) {
        free(calloc(4, 10));
    }
    expect("calloc", &stats, 1, 1, 0, 40);

    tare_measure(&stats) {
        char *block = malloc(10);
        block = realloc(block, 50);
        free(block);
    }
    expect("realloc", &stats, 1, 1, 1, 50);

    tare_measure(&stats) {
        free(strdup("12345"));
        free(strndup("12345", 3));
    }
    expect("strdup", &stats, 2, 2, 0, 10);

    tare_measure(&stats) {
        free(aligned_alloc(64, 64));
    }
    expect("aligned_alloc", &stats, 1, 1, 0, 64);

    tare_measure(&stats) {
        void *block;
        if (posix_memalign(&block, 64, 70) == 0)
            free(block);
    }
    expect("posix_memalign", &stats, 1, 1, 0, 70);
    return exact ? 0 : 1;
}
