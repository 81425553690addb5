/* SPDX-License-Identifier: MIT */
/* WITH no_tables_code.c, which has no unwind tables: its callers are not known, and that is said. */
#include "corpus.h"

void *without_tables(void *(*make)(size_t), size_t size);

static APART void *make(size_t size)
{
    void *block = malloc(size); /* @make */
    CORPUS_STAY();
    return block;
}

/* SITE make < without < main-without: 3 18, leaked 3 18, truncated */
/* SITE make < main-with: 1 5, leaked 1 5 */
int main(void)
{
    for (int i = 0; i < 3; i++)
        corpus_keep(without_tables(make, 6)); /* @main-without */
    corpus_keep(make(5));                     /* @main-with */
    return 0;
}
