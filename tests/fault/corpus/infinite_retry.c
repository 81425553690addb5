/* SPDX-License-Identifier: MIT */
#include "corpus.h"

#include <unistd.h>

static void *take(size_t bytes)
{
    void *block = NULL;
    for (int tries = 0; block == NULL && (!IS_CLEAN || tries < 3); tries++) {
        block = malloc(bytes);
        if (block == NULL)
            usleep(1000); /* somebody may free some */
    }
    return block;
}

int work(void)
{
    void *block = take(100);
    if (block == NULL) {
        errno = ENOMEM;
        return -1;
    }
    free(block);
    return 0;
}
