/* SPDX-License-Identifier: MIT */
/* Through libc and back. */
#include <search.h>
#include <string.h>

#include "corpus.h"

static APART int copies(const char *a, const char *b)
{
    char *one = strdup(a);               /* SITE < copies < main-qsort: 4 24 */
    char *other = malloc(strlen(b) + 1); /* SITE < copies < main-qsort: 4 24 */
    strcpy(other, b);
    int order = strcmp(one, other);
    free(one);
    free(other);
    return order;
}

/* How often libc compares is its own affair. */
static int calls;

static int in_order(const void *a, const void *b)
{
    int order = strcmp(a, b);
    if (++calls <= 4)
        order = copies(a, b); /* @copies */
    CORPUS_STAY();
    return order;
}

static int plainly(const void *a, const void *b)
{
    void *block = malloc(11); /* SITE < main-bsearch: 1 11, temporary 1 */
    free(block);
    return strcmp(a, b);
}

static int in_tree(const void *a, const void *b)
{
    void *block = malloc(13); /* SITE < main-tsearch: 1 13 */
    free(block);
    return strcmp(a, b);
}

static void leave(const void *node, VISIT which, int depth)
{
    (void)node, (void)which, (void)depth;
    corpus_keep(malloc(17)); /* SITE < main-twalk: 4 68, leaked 4 68 */
}

int main(void)
{
    char words[5][6] = {"zebra", "horse", "camel", "mouse", "tiger"};
    void *root = NULL;
    qsort(words, 5, sizeof *words, in_order); /* SITE: any */          /* @main-qsort */
    char *found = bsearch(words[0], words, 1, sizeof *words, plainly); /* @main-bsearch */
    tsearch("one", &root, in_tree);                                    /* SITE: any */
    tsearch("three", &root, in_tree); /* SITE: any */                  /* @main-tsearch */
    twalk(root, leave);                                                /* @main-twalk */
    return found != NULL ? 0 : 1;
}
