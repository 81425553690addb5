/* SPDX-License-Identifier: MIT */
/*
 * Real functions by RTLD_NEXT: whatever allocator the program would have used
 * lies behind us in the search order, be it libc's, jemalloc's or a second
 * preload. `__libc_malloc` is never called: over another allocator it would
 * mix two heaps.
 *
 * In a program linked by --wrap (TARE__WRAP) the linker gives the real ones.
 */
#include "real.h"

#include <stdint.h>
#include <string.h>

#include "compiler.h"
#include "file_name.h"

struct tare__real tare__real;

#ifdef TARE__WRAP

#define TARE_HOOK(result, name, parameters) extern result __real_##name parameters;
#include "hooks.def"
#undef TARE_HOOK
/* Only what a libc may lack: a weak reference takes no member out of libc.a, so
 * a static program would be left without an allocator. */
#pragma weak __real_reallocarray
#pragma weak __real_valloc
#pragma weak __real_pvalloc
#pragma weak __real_cfree
#pragma weak __real_free_sized
#pragma weak __real_free_aligned_sized

static void find_functions(void)
{
#define TARE_HOOK(result, name, parameters) tare__real.name = __real_##name;
#include "hooks.def"
#undef TARE_HOOK
    tare__real.path = "linked into the program";
}

#else

#include <dlfcn.h>

static void find_functions(void)
{
    /* By way of void **, as dlsym's manual has it. */
#define TARE_HOOK(result, name, parameters) *(void **)&tare__real.name = dlsym(RTLD_NEXT, #name);
#include "hooks.def"
#include "thread_hooks.def"
#undef TARE_HOOK
    *(void **)&tare__real.vfork = dlsym(RTLD_NEXT, "vfork");
    Dl_info info;
    tare__real.path = dladdr(*(void **)&tare__real.malloc, &info) != 0 && info.dli_fname != NULL ? info.dli_fname : "";
}

#endif

/* glibc: chunks of at least 32 bytes, and nothing but reallocarray calls a
 * public function of the family (malloc/malloc.c, MINSIZE). Behind --wrap is
 * whatever the program is linked or preloaded with, a sanitizer's malloc perhaps;
 * only glibc has 8 bytes of each chunk to itself and gives out the rest. */
static bool is_glibc(void)
{
#ifdef TARE__WRAP
    void *block = tare__real.malloc(1);
    size_t usable_bytes = tare__real.malloc_usable_size(block);
    tare__real.free(block);
    return usable_bytes == 32 - 8;
#else
    return strcmp(tare__file_name(tare__real.path), "libc.so.6") == 0;
#endif
}

/* Some allocators (jemalloc, tcmalloc, mimalloc) hand out 8-byte blocks 8 bytes
 * apart. Half of the block map would not tell two of those from each other. */
static bool aligns_tiny_blocks_to_16(void)
{
    enum { TRIES = 4 };
    void *blocks[TRIES];
    uintptr_t low_bits = 0;
    for (int i = 0; i < TRIES; i++) {
        blocks[i] = tare__real.malloc(1);
        low_bits |= (uintptr_t)blocks[i];
    }
    for (int i = 0; i < TRIES; i++)
        tare__real.free(blocks[i]);
    return low_bits % 16 == 0;
}

TARE__COLD bool tare__real_find(void)
{
    find_functions();
    if (tare__real.malloc == NULL || tare__real.free == NULL || tare__real.calloc == NULL || tare__real.realloc == NULL)
        return false;
    tare__real.wide = tare__real.never_nests = is_glibc();
    tare__real.minimum = tare__real.wide || aligns_tiny_blocks_to_16() ? 0 : 9;
    return true;
}
