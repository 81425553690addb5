/* SPDX-License-Identifier: MIT */
/* NOT static: before main(), behind it, and while it goes. */
#include "corpus.h"

static void *early;

static __attribute__((constructor)) void begin(void)
{
    early = malloc(31); /* SITE: 1 31 */
    CORPUS_STAY();
}

static __attribute__((destructor)) void end(void)
{
    free(early);
    corpus_keep(malloc(37)); /* SITE < main: 1 37, leaked 1 37 */
}

static void at_exit(void)
{
    corpus_keep(malloc(19)); /* SITE < main: 1 19, leaked 1 19 */
}

int main(void)
{
    atexit(at_exit);
    char *block = malloc(4095); /* SITE: 1 4095, leaked 1 4095 */
    block[0] = 'x';
    corpus_keep(block);
    exit(0); /* @main */
}
