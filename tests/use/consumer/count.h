/* SPDX-License-Identifier: MIT */
/* What every consumer does: a block whose only content is a pair that compilers
 * delete when they may. Exit status 0 says that it counted 1 and 1. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tare/tare.h>

static int counted(const tare_stats *stats, const char *expected_mode)
{
    printf("%s: %d allocations, %d deallocations, %d bytes\n", tare_link_mode(), (int)stats->allocations,
           (int)stats->deallocations, (int)stats->bytes_allocated);
    return stats->allocations == 1 && stats->deallocations == 1 && stats->bytes_allocated == 24 &&
                   stats->inexact == 0 && strcmp(tare_link_mode(), expected_mode) == 0
               ? 0
               : 1;
}
