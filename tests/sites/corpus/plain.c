/* SPDX-License-Identifier: MIT */
/* Functions that are inlined where that is asked for, loops, and several stacks of one line. */
#include "corpus.h"

static char *innermost(size_t size)
{
    char *block = malloc(size); /* @innermost */
    CORPUS_STAY();
    return block;
}

static char *middle(size_t size)
{
    char *block = innermost(size); /* @middle */
    CORPUS_STAY();
    return block;
}

static APART char *outer(size_t size)
{
    char *block = middle(size); /* @outer */
    CORPUS_STAY();
    return block;
}

static APART void many(void)
{
    for (int i = 1; i <= 10; i++)
        free(outer((size_t)i)); /* @many */
}

/* SITE innermost < middle < outer < many < main-many: 10 55, temporary 10, peak 0 0 */
/* SITE innermost < middle < outer < main-two: 1 1000, leaked 1 1000, peak 1 1000 */
/* SITE innermost < middle < main-inlined: 1 40, leaked 1 40, peak 1 40 */
int main(void)
{
    many();                        /* @main-many */
    corpus_keep(outer(1000));      /* @main-two */
    corpus_keep(middle(40));       /* @main-inlined */
    corpus_keep(calloc(3, 7));     /* SITE: 1 21, leaked 1 21, peak 1 21 */
    void *large = malloc(1000000); /* SITE: 1 1000000, peak 1 1000000 */
    void *nothing = malloc(0);     /* SITE: 1 0, leaked 1 0, peak 0 0 */
    corpus_keep(nothing);
    free(large);
    return 0;
}
