/* SPDX-License-Identifier: MIT */
/* Pitfall 15: the first allocation of a process, of a thread and of a scope
 * makes tare do work; errno is what it was. Before any constructor runs, too. */
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <tare/tare.h>

#include "check.h"

static int errno_of_first = -1;

static void first(int count, char **arguments, char **environment)
{
    (void)count;
    (void)arguments;
    (void)environment;
    errno = 77;
    void *block = malloc(10);
    errno_of_first = errno;
    free(block);
}
__attribute__((section(".preinit_array"), used)) static void (*before_constructors)(int, char **, char **) = first;

static void all(void)
{
    void *volatile block;
    errno = 77;
    block = malloc(10);
    CHECK_EQUAL(errno, 77);
    block = realloc(block, 100);
    CHECK_EQUAL(errno, 77);
    block = realloc(block, (size_t)80 << 20); /* a part of the block map that wasn't there */
    CHECK_EQUAL(errno, 77);
    CHECK(malloc_usable_size(block) != 0);
    CHECK_EQUAL(errno, 77);
    free(block);
    CHECK_EQUAL(errno, 77);
    block = calloc(3, 50);
    CHECK_EQUAL(errno, 77);
    free(block);
    block = aligned_alloc(64, 64);
    free(block);
    CHECK_EQUAL(errno, 77);
    free(NULL);
    CHECK_EQUAL(errno, 77);
}

static void *thread(void *unused)
{
    all();
    return unused;
}

int main(void)
{
    CHECK_EQUAL(errno_of_first, 77);
    all();
    errno = 77;
    CHECK(tare_is_attached());
    CHECK_EQUAL(errno, 77);
    tare_scope *scope = tare_open(.domain = TARE_PROCESS);
    CHECK_EQUAL(errno, 77);
    all();
    pthread_t id;
    CHECK_EQUAL(pthread_create(&id, NULL, thread, NULL), 0);
    pthread_join(id, NULL);
    tare_stats stats;
    errno = 77;
    CHECK_EQUAL(tare_read(scope, &stats), 0);
    CHECK_EQUAL(tare_close(scope, &stats), 0);
    CHECK_EQUAL(errno, 77);
    CHECK_EQUAL(stats.inexact, 0);
    return 0;
}
