/* SPDX-License-Identifier: MIT */
/* Reads the store that a process left in the directory TARE_STORE, or is still
 * writing, and adds up its slots. Allocates nothing. */
#ifndef STORE_FILE_H
#define STORE_FILE_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../src/layout/store.h"

/* Maps a store for reading; NULL where there is none that is whole. */
static inline const struct tare__store *store_map(const char *path)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (file < 0)
        return NULL;
    const struct tare__store *store = NULL;
    if (fstat(file, &status) == 0 && (size_t)status.st_size >= sizeof *store) {
        void *mapped = mmap(NULL, sizeof *store, PROT_READ, MAP_SHARED, file, 0);
        store = mapped != MAP_FAILED ? mapped : NULL;
    }
    close(file);
    if (store != NULL &&
        (store->magic != TARE__STORE_MAGIC || store->version != TARE__STORE_VERSION || store->ready != 1)) {
        munmap((void *)(uintptr_t)store, sizeof *store);
        return NULL;
    }
    return store;
}

static inline void store_unmap(const struct tare__store *store)
{
    munmap((void *)(uintptr_t)store, sizeof *store);
}

/* The path of a process's store, in a buffer that the next call reuses; NULL
 * outside a recorded run. */
static inline const char *store_path(int pid, unsigned sequence)
{
    static char path[1024];
    const char *directory = getenv("TARE_STORE");
    if (directory == NULL)
        return NULL;
    snprintf(path, sizeof path, "%s/%d-%u%s", directory, pid, sequence, TARE__STORE_SUFFIX);
    return path;
}

static inline struct tare__counters store_sum(const struct tare__store *store)
{
    struct tare__counters sum = {0};
    for (unsigned i = 0; i < TARE__STORE_SLOTS; i++) {
        const struct tare__counters *counters = &store->slots[i].counters;
#define ADD(name) sum.name += counters->name;
        TARE__COUNTERS(ADD)
#undef ADD
        sum.recording += counters->recording;
        sum.foreign.blocks += counters->foreign.blocks;
        sum.foreign.bytes += counters->foreign.bytes;
    }
    return sum;
}

static inline int64_t store_leaked_allocations(const struct tare__counters *sum)
{
    return (int64_t)(sum->allocations - sum->deallocations) + sum->foreign.blocks;
}

static inline int64_t store_leaked_bytes(const struct tare__counters *sum)
{
    return (int64_t)(sum->bytes_allocated - sum->bytes_deallocated) - sum->foreign.bytes;
}

#endif
