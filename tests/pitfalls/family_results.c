/* SPDX-License-Identifier: MIT */
/*
 * Pitfall 41, the other half: prints what every function of hooks.def returns
 * for many arguments, with errno. Linked without tare; family_results.sh runs
 * it with and without, and what it prints must be the same. Where libc has no
 * such function (cfree, free_sized), free stands for it.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
#define TARE_HOOK(result, name, parameters) result(*name) parameters;
#include "hooks.def"
#undef TARE_HOOK
} family;

static const size_t sizes[] = {0, 1, 8, 15, 16, 17, 24, 25, 100, 4096, 200000, SIZE_MAX / 2, SIZE_MAX - 64, SIZE_MAX};
static const size_t alignments[] = {0, 1, 2, 3, 8, 16, 24, 32, 64, 4096, SIZE_MAX / 2 + 1, SIZE_MAX};
enum { SIZES = sizeof sizes / sizeof *sizes, ALIGNMENTS = sizeof alignments / sizeof *alignments };

/* How much more is usable depends on what the heap went through before. */
static void show(const char *call, size_t a, size_t b, size_t bytes, void *block)
{
    int error = errno;
    bool usable = block != NULL && family.malloc_usable_size(block) >= bytes;
    printf("%s %zx %zx: %s%s, to 16: %zu, errno %d\n", call, a, b, block != NULL ? "block" : "NULL",
           usable ? ", all of it usable" : "", (size_t)((uintptr_t)block % 16), error);
    errno = 77;
}

static void show_and_free(const char *call, size_t a, size_t b, size_t bytes, void *block)
{
    show(call, a, b, bytes, block);
    family.free(block);
    if (errno != 77)
        printf("free changed errno to %d\n", errno);
    errno = 77;
}

static size_t whole_pages(size_t size)
{
    return (size + 4095) / 4096 * 4096;
}

static void try_sizes(void)
{
    for (int s = 0; s < SIZES; s++) {
        show_and_free("malloc", sizes[s], 0, sizes[s], family.malloc(sizes[s]));
        show_and_free("valloc", sizes[s], 0, sizes[s], family.valloc(sizes[s]));
        show_and_free("pvalloc", sizes[s], 0, whole_pages(sizes[s]), family.pvalloc(sizes[s]));
        show_and_free("realloc of NULL", sizes[s], 0, sizes[s], family.realloc(NULL, sizes[s]));
        for (int c = 0; c < SIZES; c++) {
            show_and_free("calloc", sizes[s], sizes[c], sizes[s] * sizes[c], family.calloc(sizes[s], sizes[c]));
            show_and_free("reallocarray of NULL", sizes[s], sizes[c], sizes[s] * sizes[c],
                          family.reallocarray(NULL, sizes[s], sizes[c]));
        }
        for (int a = 0; a < ALIGNMENTS; a++) {
            void *block = NULL;
            show_and_free("memalign", alignments[a], sizes[s], sizes[s], family.memalign(alignments[a], sizes[s]));
            show_and_free("aligned_alloc", alignments[a], sizes[s], sizes[s],
                          family.aligned_alloc(alignments[a], sizes[s]));
            printf("posix_memalign returns %d\n", family.posix_memalign(&block, alignments[a], sizes[s]));
            show_and_free("posix_memalign", alignments[a], sizes[s], sizes[s], block);
        }
    }
}

/* Each old block keeps its bytes, whether the call fails or not. */
static void try_resizing(void)
{
    for (int s = 0; s < SIZES; s++)
        for (int from = 1; from <= 10000; from *= 10) {
            char *old = family.malloc((size_t)from);
            memset(old, 'x', (size_t)from);
            char *block = from % 3 == 0 ? family.reallocarray(old, sizes[s], 1) : family.realloc(old, sizes[s]);
            show("realloc", (size_t)from, sizes[s], sizes[s], block);
            if (block == NULL && sizes[s] != 0)
                block = old;
            if (sizes[s] != 0)
                printf("first byte %c\n", block[0]);
            family.free(block);
        }
}

static void try_releasing(void)
{
    family.free(NULL);
    family.cfree(NULL);
    family.free_sized(NULL, 0);
    family.free_aligned_sized(NULL, 16, 0);
    family.free(family.malloc(100));
    family.cfree(family.malloc(100));
    family.free_sized(family.malloc(100), 100);
    family.free_aligned_sized(family.aligned_alloc(64, 128), 64, 128);
    printf("usable size of NULL: %zu\n", family.malloc_usable_size(NULL));
    printf("errno after releasing: %d\n", errno);
}

int main(void)
{
#define TARE_HOOK(result, name, parameters) *(void **)&family.name = dlsym(RTLD_DEFAULT, #name);
#include "hooks.def"
#undef TARE_HOOK
    if (family.cfree == NULL)
        family.cfree = family.free;
    if (family.free_sized == NULL)
        *(void **)&family.free_sized = dlsym(RTLD_DEFAULT, "free");
    if (family.free_aligned_sized == NULL)
        *(void **)&family.free_aligned_sized = dlsym(RTLD_DEFAULT, "free");
    Dl_info info;
    fprintf(stderr, "malloc is in %s\n", dladdr(*(void **)&family.malloc, &info) != 0 ? info.dli_fname : "?");

    /* stdout's own buffer first, so that it is none of the figures. */
    static char buffer[BUFSIZ];
    setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    errno = 77;
    try_sizes();
    try_resizing();
    try_releasing();
    return 0;
}
