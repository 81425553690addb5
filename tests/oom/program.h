/* SPDX-License-Identifier: MIT */
/* What the programs share: an allocation that ends the program where it fails. */
#ifndef TARE_TESTS_OOM_PROGRAM_H
#define TARE_TESTS_OOM_PROGRAM_H

#include <stdlib.h>

static inline void *need(size_t bytes)
{
    void *block = malloc(bytes);
    if (block == NULL)
        exit(3);
    return block;
}

#endif
