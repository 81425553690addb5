/* SPDX-License-Identifier: MIT */
/*
 * Pitfall 6: the same program counts differently by the way tare is linked.
 * Three allocations are its own, one is made by libc for opendir: where libc's
 * calls are seen there are 4, with --wrap 3. The first argument is the mode
 * expected, the second the allocations.
 *
 * With TEST_WEAK nothing of tare is linked; the preload brings it.
 */
#include <dirent.h>
#include <stdlib.h>
#ifdef TEST_WEAK
#pragma weak tare_open_with
#pragma weak tare_close
#pragma weak tare_link_mode
#pragma weak tare_is_attached
#endif
#include <tare/tare.h>

#include "check.h"

int main(int count, char **arguments)
{
    CHECK(count == 3);
    CHECK(tare_link_mode != NULL);
    CHECK_CONTAINS(tare_link_mode(), arguments[1]);
    CHECK_EQUAL(strlen(tare_link_mode()), strlen(arguments[1]));
    CHECK(tare_is_attached());

    tare_scope *scope = tare_open();
    free(malloc(10));
    free(calloc(2, 10));
    char *block = realloc(NULL, 30);
    free(realloc(block, 300));
    DIR *directory = opendir("/");
    CHECK(directory != NULL);
    closedir(directory);
    tare_stats stats;
    CHECK_EQUAL(tare_close(scope, &stats), 0);

    CHECK_EQUAL(stats.inexact, 0);
    CHECK_EQUAL(stats.allocations, atoi(arguments[2]));
    CHECK_EQUAL(stats.deallocations, atoi(arguments[2]));
    CHECK_EQUAL(stats.reallocations, 1);
    CHECK_EQUAL(stats.bytes_reallocated, 270);
    if (stats.allocations == 3)
        CHECK_EQUAL(stats.bytes_allocated, 330);
    CHECK_EQUAL(stats.leaked_allocations, 0);
    return 0;
}
