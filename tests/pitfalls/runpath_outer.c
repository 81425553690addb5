/* SPDX-License-Identifier: MIT */
/* Pitfall 11: a library that finds another one by its own RUNPATH. */
#include <dlfcn.h>

void *open_inner(const char *name);

void *open_inner(const char *name)
{
    return dlopen(name, RTLD_NOW);
}
