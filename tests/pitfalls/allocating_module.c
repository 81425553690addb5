/* SPDX-License-Identifier: MIT */
/* Allocates when it is loaded, when it is closed and when it is called. */
#include <stdlib.h>

static void *kept;

__attribute__((constructor)) static void comes(void)
{
    kept = malloc(30);
}

__attribute__((destructor)) static void goes(void)
{
    free(kept);
    free(malloc(31));
}

void allocate_in_module(void);
void allocate_in_module(void)
{
    free(malloc(32));
}
