/* SPDX-License-Identifier: MIT */
/* Shares of the peak, what is left, and what hardly lives. */
#include "corpus.h"

static APART void *make(size_t size)
{
    void *block = malloc(size); /* @make */
    CORPUS_STAY();
    return block;
}

/* SITE make < main-early: 4 400, leaked 1 100, peak 1 100 */
/* SITE make < main-peak: 2 20000, leaked 0 0, peak 2 20000 */
/* SITE make < main-late: 100 5000, leaked 100 5000, peak 0 0, temporary 0 */
/* SITE make < main-short: 50 2500, temporary 50, peak 0 0 */
/* SITE make < main-pair: 10 100, temporary 5, peak 0 0 */
int main(void)
{
    void *early[4], *peak[2];
    for (int i = 0; i < 4; i++)
        early[i] = make(100); /* @main-early */
    for (int i = 0; i < 3; i++)
        free(early[i]);
    for (int i = 0; i < 2; i++)
        peak[i] = make(10000); /* @main-peak */
    for (int i = 0; i < 2; i++)
        free(peak[i]);
    for (int i = 0; i < 100; i++)
        corpus_keep(make(50)); /* @main-late */
    for (int i = 0; i < 50; i++)
        free(make(50)); /* @main-short */
    for (int i = 0; i < 5; i++) {
        void *pair[2];
        for (int j = 0; j < 2; j++)
            pair[j] = make(10); /* @main-pair */
        free(pair[1]);
        free(pair[0]);
    }
    return 0;
}
