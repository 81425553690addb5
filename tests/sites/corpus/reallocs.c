/* SPDX-License-Identifier: MIT */
/* A block keeps the site of its birth; what it grows by is the site's that resizes it. */
#include <string.h>

#include "corpus.h"

static APART void *grow(void *block, size_t size)
{
    void *larger = realloc(block, size); /* @grow */
    CORPUS_STAY();
    return larger;
}

/* SITE grow < main-first: 0 90, reallocations 1 */
/* SITE grow < main-second: 0 900, reallocations 1 */
/* SITE grow < main-third: 0 0, reallocations 1 */
/* SITE grow < main-new: 1 64, leaked 1 64 */
int main(void)
{
    char *text = malloc(10); /* SITE: 1 10, leaked 1 400, peak 1 400 */
    text = grow(text, 100);  /* @main-first */
    text = grow(text, 1000); /* @main-second */
    text = grow(text, 400);  /* @main-third */
    corpus_keep(text);
    corpus_keep(grow(NULL, 64)); /* @main-new */
    void *gone = malloc(5);      /* SITE: 1 5 */
    gone = realloc(gone, 0);     /* glibc frees it */
    char *row = NULL;
    for (size_t i = 1; i <= 8; i++) {
        row = reallocarray(row, i, 10000); /* SITE: 1 80000, reallocations 7, peak 1 80000 */
        row[i] = 'x';
    }
    free(row);
    return gone == NULL ? 0 : 1;
}
