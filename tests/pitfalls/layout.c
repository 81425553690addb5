/* SPDX-License-Identifier: MIT */
/* Pitfall 44: programs trust malloc_usable_size, and where their blocks lie.
 * Prints what a fixed sequence of calls gets; layout.sh compares the output
 * with and without tare. */
#include <malloc.h>
#include <stdbool.h>
#include <stdlib.h>

#include "check.h"

enum { BLOCKS = 300, CALLS = 6000 };

static char *blocks[BLOCKS];
static uint32_t state = 12345;

static uint32_t draw(uint32_t below)
{
    state = state * 1664525 + 1013904223;
    return (state >> 8) % below;
}

static size_t draw_size(void)
{
    switch (draw(20)) {
    case 0:
        return 0;
    case 1:
        return draw(100000);
    case 2:
        return 150000 + draw(100000); /* a mapping of its own */
    default:
        return draw(200);
    }
}

int main(int count, char **arguments)
{
    bool absolute = count == 2 && strcmp(arguments[1], "absolute") == 0;
    const char *from = absolute ? NULL : malloc(1);
    for (int i = 0; i < CALLS; i++) {
        char **block = &blocks[draw(BLOCKS)];
        uint32_t what = draw(6);
        size_t size = draw_size();
        if (*block == NULL)
            *block = what == 0   ? calloc(1, size)
                     : what == 1 ? aligned_alloc((size_t)16 << draw(8), size)
                                 : malloc(size);
        else if (what < 2 && size != 0)
            *block = realloc(*block, size);
        else {
            free(*block);
            *block = NULL;
            continue;
        }
        CHECK(*block != NULL);
        size_t usable = malloc_usable_size(*block);
        CHECK(usable >= size);
        memset(*block, 'x', usable);  /* all of it is the program's */
        if (*block < (char *)sbrk(0)) /* on the heap, and no mapping of its own */
            dprintf(1, "%d %zu at %" PRIdPTR "\n", i, usable, (intptr_t)*block - (intptr_t)from);
        else
            dprintf(1, "%d %zu\n", i, usable);
    }
    return malloc_usable_size(NULL) == 0 ? 0 : 1;
}
