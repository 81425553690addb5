/* SPDX-License-Identifier: MIT */
#include "pool.h"

#include "os.h"

#define CHUNK_BYTES (64u * 1024)
#define ALIGNMENT 64u

static char *at;
static size_t left;

void *tare__pool_take(size_t bytes)
{
    bytes = (bytes + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (bytes > left) {
        size_t chunk_bytes = bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES;
        char *chunk = tare__os_map(chunk_bytes);
        if (chunk == NULL)
            return NULL;
        at = chunk;
        left = chunk_bytes;
    }
    char *taken = at;
    at += bytes;
    left -= bytes;
    return taken;
}
