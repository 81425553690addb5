/* SPDX-License-Identifier: MIT */
/* OPTIONS -fno-optimize-sibling-calls: with that, a wrapper is a frame. */
#include "corpus.h"

void *wrap(size_t size);
void *wrap_again(size_t size);

APART void *wrap(size_t size)
{
    return malloc(size); /* @wrap */
}

APART void *wrap_again(size_t size)
{
    return wrap(size + 1); /* @again */
}

/* SITE wrap < main-once: 1 10, leaked 1 10 */
/* SITE wrap < again < main-twice: 1 11, leaked 1 11 */
int main(void)
{
    corpus_keep(wrap(10));       /* @main-once */
    corpus_keep(wrap_again(10)); /* @main-twice */
    return 0;
}
