/* SPDX-License-Identifier: MIT */
/*
 * Pitfalls 19 and 20: what a thread allocates and frees while it ends, in key
 * destructors that arm themselves again in each of the four rounds, and in libc
 * after the last one. All of it is counted: of the process, and nothing leaks.
 *
 * libc keeps the first 32 keys' values in the thread and allocates for those
 * above. With KEYS_BEFORE_TARE the program takes these before tare has one.
 */
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <tare/tare.h>

#include "check.h"

enum { ROUNDS = PTHREAD_DESTRUCTOR_ITERATIONS, THREADS = 3 };

struct ending {
    int round;
    char *block;
};

enum { NEAR_KEYS = 32 };

static pthread_key_t key, far_key;
static int rounds_seen;

/* Frees the block of the round before and makes another, but in the last. */
static void end(void *argument)
{
    struct ending *ending = argument;
    ending->round++;
    rounds_seen++;
    free(ending->block);
    if (ending->round == ROUNDS) {
        free(ending);
        return;
    }
    ending->block = malloc(100);
    CHECK(ending->block != NULL);
    CHECK_EQUAL(pthread_setspecific(key, ending), 0);
}

static void *thread(void *after_the_last_round)
{
    struct ending *ending = calloc(1, sizeof *ending);
    CHECK(ending != NULL);
    ending->block = malloc(100);
    CHECK_EQUAL(pthread_setspecific(key, ending), 0);
    if (after_the_last_round != NULL) {
        /* libc keeps this text for the thread, and frees it when all destructors have run. */
        CHECK(strerror(98765) != NULL);
        CHECK_EQUAL(pthread_setspecific(far_key, &far_key), 0);
    }
    return NULL;
}

static tare_stats end_threads(void *after_the_last_round)
{
    tare_stats stats;
    tare_scope *scope = tare_open(.domain = TARE_PROCESS);
    for (int i = 0; i < THREADS; i++) {
        pthread_t id;
        CHECK_EQUAL(pthread_create(&id, NULL, thread, after_the_last_round), 0);
        CHECK_EQUAL(pthread_join(id, NULL), 0);
    }
    CHECK_EQUAL(tare_close(scope, &stats), 0);
    return stats;
}

static tare_stats difference(tare_stats with, tare_stats without)
{
    with.allocations -= without.allocations;
    with.deallocations -= without.deallocations;
    return with;
}

static void take_near_keys(void)
{
    CHECK_EQUAL(pthread_key_create(&key, end), 0);
    for (int i = 0; i < NEAR_KEYS; i++)
        CHECK_EQUAL(pthread_key_create(&far_key, NULL), 0);
}

#ifdef KEYS_BEFORE_TARE
static void first(int count, char **arguments, char **environment)
{
    (void)count;
    (void)arguments;
    (void)environment;
    take_near_keys();
}
__attribute__((section(".preinit_array"), used)) static void (*before_constructors)(int, char **, char **) = first;
#endif

int main(void)
{
#ifndef KEYS_BEFORE_TARE
    take_near_keys();
#endif
    end_threads(""); /* the stack and what libc keeps for it are there from now on */

    rounds_seen = 0;
    tare_stats plain = end_threads(NULL);
    CHECK_EQUAL(rounds_seen, ROUNDS * THREADS);
    CHECK_EQUAL(plain.allocations, THREADS * (1 + ROUNDS));
    CHECK_EQUAL(plain.deallocations, THREADS * (1 + ROUNDS));
    CHECK_EQUAL(plain.bytes_allocated, THREADS * (sizeof(struct ending) + ROUNDS * 100));
    CHECK_EQUAL(plain.bytes_deallocated, plain.bytes_allocated);
    CHECK_EQUAL(plain.leaked_allocations, 0);
    CHECK_EQUAL(plain.inexact, 0);

    /* At least two more blocks for each, and each freed past the last round. */
    tare_stats late = end_threads("");
    tare_stats more = difference(late, plain);
    CHECK(more.allocations >= 2 * THREADS && more.allocations % THREADS == 0);
    CHECK_EQUAL(more.deallocations, more.allocations);
    CHECK_EQUAL(late.bytes_deallocated, late.bytes_allocated);
    CHECK_EQUAL(late.leaked_allocations, 0);
    CHECK_EQUAL(late.leaked_bytes, 0);
    CHECK_EQUAL(late.inexact, 0);
    return 0;
}
