/* SPDX-License-Identifier: MIT */
/* A shared library that makes a thread, which allocates, and joins it. */
#include <pthread.h>
#include <stdlib.h>

void module_makes_thread(void);

static void *allocate(void *unused)
{
    free(malloc(100));
    return unused;
}

void module_makes_thread(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, allocate, NULL) == 0)
        pthread_join(thread, NULL);
}
