/* SPDX-License-Identifier: MIT */
/* As many threads at once as the first argument says, each of which allocates
 * 100 bytes and frees them when all have. */
#include <pthread.h>
#include <stdlib.h>

#include "check.h"

static pthread_barrier_t barrier;

static void *allocate(void *unused)
{
    void *block = malloc(100);
    pthread_barrier_wait(&barrier);
    free(block);
    return unused;
}

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    unsigned count = (unsigned)atoi(argv[1]);
    CHECK(pthread_barrier_init(&barrier, NULL, count) == 0);
    pthread_attr_t small;
    CHECK(pthread_attr_init(&small) == 0 && pthread_attr_setstacksize(&small, 64 << 10) == 0);
    pthread_t *threads = calloc(count, sizeof *threads);
    CHECK(threads != NULL);
    for (unsigned i = 0; i < count; i++)
        CHECK(pthread_create(&threads[i], &small, allocate, NULL) == 0);
    for (unsigned i = 0; i < count; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    free(threads);
    return 0;
}
