/* SPDX-License-Identifier: MIT */
/* A shared library that allocates for whoever loads it. With OWN_MALLOC it has
 * a malloc of its own as well. */
#include <stdlib.h>

#ifdef OWN_MALLOC
static _Alignas(16) char arena[4096];
static size_t used;

void *malloc(size_t size)
{
    size_t from = used;
    used += (size + 15) & ~(size_t)15;
    return used <= sizeof arena ? arena + from : NULL;
}

void free(void *block)
{
    (void)block;
}
#endif

void *module_allocate(size_t size);
void module_free(void *block);

void *module_allocate(size_t size)
{
    return malloc(size);
}

void module_free(void *block)
{
    free(block);
}
