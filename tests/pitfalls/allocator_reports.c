/* SPDX-License-Identifier: MIT */
/* Pitfall 45: mallinfo2, malloc_trim and mallopt speak of libc's own heap. Over
 * libc's malloc they go on telling the truth under tare, which keeps nothing in
 * that heap; over another allocator they never did (docs/limits.md). */
#include <malloc.h>
#include <stdlib.h>
#include <tare/tare.h>

#include "check.h"

enum { BLOCKS = 1000, BLOCK_BYTES = 1000, BYTES = BLOCKS * BLOCK_BYTES };

int main(void)
{
    static void *blocks[BLOCKS];
    CHECK_EQUAL(mallopt(M_MMAP_THRESHOLD, 64 * 1024 * 1024), 1); /* all of it in the main heap */

    tare_stats stats;
    size_t before = mallinfo2().uordblks, most = 0, after = 0;
    tare_measure(&stats) {
        for (int i = 0; i < BLOCKS; i++)
            blocks[i] = malloc(BLOCK_BYTES);
        most = mallinfo2().uordblks;
        for (int i = 0; i < BLOCKS; i++)
            free(blocks[i]);
        after = mallinfo2().uordblks;
    }
    CHECK_EQUAL(stats.allocations, BLOCKS); /* asking is no allocation */
    CHECK_EQUAL(stats.deallocations, BLOCKS);
    CHECK(most - before >= BYTES);
    CHECK(most - before < BYTES + BYTES / 10); /* a header of tare's on each block would show */
    CHECK(after < before + 20 * BLOCK_BYTES);  /* some wait in libc's caches */

    int trimmed = 0;
    tare_measure(&stats)
        trimmed = malloc_trim(0);
    CHECK_EQUAL(trimmed, 1);
    CHECK_EQUAL(stats.allocations + stats.deallocations + stats.reallocations, 0);
    CHECK(mallinfo2().fordblks < BYTES);

    void *block = malloc(1); /* and the heap still works */
    CHECK(block != NULL);
    free(block);
    return 0;
}
