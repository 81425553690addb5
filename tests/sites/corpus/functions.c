/* SPDX-License-Identifier: MIT */
/* Every function that makes a block, and libc's own that do so for the caller. */
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "corpus.h"

static APART void *by_posix_memalign(void)
{
    void *block = NULL;
    if (posix_memalign(&block, 64, 100) != 0) /* SITE < main: 1 100, leaked 1 100 */
        abort();
    return block;
}

int main(void)
{
    char *text = NULL;
    corpus_keep(malloc(1));                    /* SITE: 1 1, leaked 1 1 */
    corpus_keep(calloc(2, 2));                 /* SITE: 1 4, leaked 1 4 */
    corpus_keep(realloc(NULL, 3));             /* SITE: 1 3, leaked 1 3 */
    corpus_keep(reallocarray(NULL, 2, 4));     /* SITE: 1 8, leaked 1 8 */
    corpus_keep(aligned_alloc(64, 128));       /* SITE: 1 128, leaked 1 128 */
    corpus_keep(memalign(32, 9));              /* SITE: 1 9, leaked 1 9 */
    corpus_keep(valloc(10));                   /* SITE: 1 10, leaked 1 10 */
    corpus_keep(pvalloc(11));                  /* SITE: 1 11, leaked 1 11 */
    corpus_keep(by_posix_memalign());          /* @main */
    corpus_keep(strdup("twelve chars"));       /* SITE: 1 13, leaked 1 13 */
    corpus_keep(strndup("abcdef", 4));         /* SITE: 1 5, leaked 1 5 */
    if (asprintf(&text, "%s-%d", "a", 5) != 3) /* SITE: any */
        return 1;
    free(text);
    FILE *file = tmpfile(); /* SITE: any */
    fputs("line\n", file);  /* SITE: any */
    fclose(file);
    return 0;
}
