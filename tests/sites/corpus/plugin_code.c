/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

void work(void);

static void *volatile kept;

static __attribute__((noinline)) void *make(void)
{
    void *block = malloc(10); /* @plugin-make */
    kept = block;
    return block;
}

void work(void)
{
    for (int i = 0; i < 2; i++) {
        void *block = make(); /* @plugin-work */
        if (i == 0)
            free(block);
        __asm__ volatile("" ::: "memory");
    }
}
