/* SPDX-License-Identifier: MIT */
/* THREADS: the same stacks from several at once, and blocks that others free. */
#include <pthread.h>

#include "corpus.h"

enum { WORKERS = 4, ROUNDS = 500 };

static void *handed[WORKERS][ROUNDS];

static APART void *make(size_t size)
{
    void *block = malloc(size); /* @make */
    CORPUS_STAY();
    return block;
}

static void *work(void *mine)
{
    void **blocks = mine;
    for (int i = 0; i < ROUNDS; i++) {
        free(make(20));       /* @work-short */
        blocks[i] = make(30); /* @work-handed */
    }
    return NULL;
}

static void *clean(void *unused)
{
    for (int w = 0; w < WORKERS; w++)
        for (int i = 0; i < ROUNDS - 1; i++)
            free(handed[w][i]);
    return unused;
}

/* SITE make < work-short: 2000 40000, temporary 2000 */
/* SITE make < work-handed: 2000 60000, leaked 4 120 */
int main(void)
{
    pthread_t workers[WORKERS], cleaner;
    for (int w = 0; w < WORKERS; w++)
        pthread_create(&workers[w], NULL, work, handed[w]); /* SITE: any */
    for (int w = 0; w < WORKERS; w++)
        pthread_join(workers[w], NULL);
    pthread_create(&cleaner, NULL, clean, NULL); /* SITE: any */
    pthread_join(cleaner, NULL);
    return 0;
}
