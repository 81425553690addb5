/* SPDX-License-Identifier: MIT */
/*
 * libc's own allocation functions, behind tare's back: what a program would
 * have got without tare. Blocks may be freed by either, since the allocator is
 * the same one; but tare never saw those made here.
 */
#ifndef LIBC_FUNCTIONS_H
#define LIBC_FUNCTIONS_H

#include <dlfcn.h>
#include <stddef.h>

#include "check.h"

struct libc_functions {
    void *(*malloc)(size_t size);
    void (*free)(void *block);
    void *(*calloc)(size_t count, size_t size);
    void *(*realloc)(void *block, size_t size);
    void *(*reallocarray)(void *block, size_t count, size_t size);
    void *(*memalign)(size_t alignment, size_t size);
    void *(*aligned_alloc)(size_t alignment, size_t size);
    int (*posix_memalign)(void **block, size_t alignment, size_t size);
};

static inline const struct libc_functions *libc_functions(void)
{
    static struct libc_functions found;
    if (found.malloc == NULL) {
        void *libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
        if (libc == NULL)
            SKIP("no libc.so.6 in this program");
#define FIND(name)                                                                                                     \
    *(void **)&found.name = dlsym(libc, #name);                                                                        \
    CHECK(found.name != NULL)
        FIND(free);
        FIND(calloc);
        FIND(realloc);
        FIND(reallocarray);
        FIND(memalign);
        FIND(aligned_alloc);
        FIND(posix_memalign);
        FIND(malloc);
#undef FIND
        CHECK((void *)found.malloc != dlsym(RTLD_DEFAULT, "malloc")); /* else nothing stands in front of it */
    }
    return &found;
}

#endif
