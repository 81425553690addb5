/* SPDX-License-Identifier: MIT */
/* Prints what a recorded run left in the directory named by the argument, a
 * line for each figure, summed over all slots. The tests of start-up stand on
 * this and not on `tare run`, for they ask what was recorded before main. */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "check.h"
#include "store.h"

int main(int count, char **arguments)
{
    CHECK(count == 2);
    DIR *directory = opendir(arguments[1]);
    CHECK(directory != NULL);
    const struct dirent *entry;
    int stores = 0;
    while ((entry = readdir(directory)) != NULL) {
        if (strstr(entry->d_name, TARE__STORE_SUFFIX) == NULL)
            continue;
        CHECK_EQUAL(++stores, 1); /* one process */
        int file = openat(dirfd(directory), entry->d_name, O_RDONLY | O_CLOEXEC);
        const struct tare__store *store = mmap(NULL, sizeof *store, PROT_READ, MAP_SHARED, file, 0);
        CHECK(store != MAP_FAILED);
        CHECK(store->magic == TARE__STORE_MAGIC && store->version == TARE__STORE_VERSION && store->ready == 1);
        struct tare__counters sum = {0};
        for (unsigned i = 0; i < TARE__STORE_SLOTS; i++) {
#define ADD(name) sum.name += store->slots[i].counters.name;
            TARE__COUNTERS(ADD)
#undef ADD
        }
#define PRINT(name) dprintf(1, #name " %" PRIu64 "\n", sum.name);
        TARE__COUNTERS(PRINT)
#undef PRINT
        dprintf(1, "inexact %u\nruntime_blocks %" PRIu64 "\nlink_mode %s\nallocator %s\n", store->inexact,
                store->runtime_blocks, store->link_mode, store->allocator);
    }
    CHECK_EQUAL(stores, 1);
    closedir(directory);
    return 0;
}
