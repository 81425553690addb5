/* SPDX-License-Identifier: MIT */
/* 10,000 calls deep, and at each thousandth a block. */
#include "corpus.h"

static APART int deep(int left)
{
    char *block = NULL;
    if (left == 0)
        corpus_keep(malloc(7)); /* @bottom */
    if (left == 5000)
        block = malloc(5);                     /* @halfway */
    int below = left > 0 ? deep(left - 1) : 0; /* @again */
    free(block);
    CORPUS_STAY();
    return below + 1;
}

static APART int odd(int left, void **made);

static APART int even(int left, void **made)
{
    if (left == 0)
        *made = malloc(3);                          /* @two-by-two */
    int below = left > 0 ? odd(left - 1, made) : 0; /* @to-odd */
    CORPUS_STAY();
    return below + 1;
}

static APART int odd(int left, void **made)
{
    int below = even(left - 1, made); /* @to-even */
    CORPUS_STAY();
    return below + 1;
}

/* SITE bottom < again*10000 < main-deep: 1 7, leaked 1 7 */
/* SITE halfway < again*5000 < main-deep: 1 5 */
/* SITE two-by-two < to-even < to-odd < to-even < to-odd < main-both: 3 9 */
int main(void)
{
    int frames = deep(10000); /* @main-deep */
    for (int i = 0; i < 3; i++) {
        void *made;
        frames += even(4, &made); /* @main-both */
        free(made);
    }
    return frames == 10001 + 15 ? 0 : 1;
}
