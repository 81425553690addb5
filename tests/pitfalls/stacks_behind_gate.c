/* SPDX-License-Identifier: MIT */
/*
 * libc frees what it keeps for ended threads with the lock of its stacks held.
 * Were such a call to wait for an exclusive scope, whose owner needs that lock to
 * make a thread, neither went on until the watchdog came.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>

#include "exactly.h"

enum { MAKERS = 3, TIMES = 300, WATCHDOG_MS = 5000, STACK_BYTES = 48 * 1024 * 1024 /* more than libc keeps */ };
enum { TLS_BYTES = 1024 * 1024 }; /* of static_tls_filler.c */

static atomic_bool stop;
static pthread_attr_t joined, detached;

static void (*touch)(void); /* thread-local storage of a module, which libc allocates at its first use */

static void *allocate(void *unused)
{
    free(malloc(10));
    return unused;
}

static void *allocate_and_touch(void *unused)
{
    if (touch != NULL)
        touch();
    return allocate(unused);
}

static void *make_threads(void *unused)
{
    while (!stop) {
        pthread_t thread;
        CHECK_EQUAL(pthread_create(&thread, &joined, allocate_and_touch, NULL), 0);
        CHECK_EQUAL(pthread_join(thread, NULL), 0);
        CHECK_EQUAL(pthread_create(&thread, &detached, allocate_and_touch, NULL), 0);
    }
    return unused;
}

int main(int argc, char **argv)
{
    pthread_t makers[MAKERS], thread;
    if (argc > 1) {
        void *module = dlopen(argv[1], RTLD_NOW);
        CHECK(module != NULL);
        *(void **)&touch = dlsym(module, "fill_tls");
        CHECK(touch != NULL);
    }
    CHECK(pthread_attr_init(&joined) == 0 && pthread_attr_setstacksize(&joined, STACK_BYTES) == 0);
    CHECK(pthread_attr_init(&detached) == 0 && pthread_attr_setstacksize(&detached, STACK_BYTES) == 0);
    CHECK(pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED) == 0);
    for (int i = 0; i < MAKERS; i++)
        CHECK_EQUAL(pthread_create(&makers[i], NULL, make_threads, NULL), 0);
    for (int i = 0; i < TIMES; i++) {
        tare_stats stats;
        tare_measure(&stats, .domain = TARE_EXCLUSIVE, .watchdog_ms = WATCHDOG_MS) {
            CHECK_EQUAL(pthread_create(&thread, &joined, allocate, NULL), 0);
            CHECK_EQUAL(pthread_join(thread, NULL), 0);
        }
        CHECK_EQUAL(stats.allocations, 1);
        uint64_t of_others = stats.deallocations - 1; /* what its join gives back of threads that ended before */
        CHECK(of_others == 0 || touch != NULL);
        CHECK_EQUAL(stats.bytes_deallocated, 10 + of_others * TLS_BYTES);
        CHECK_EQUAL(stats.inexact, 0);
    }
    stop = true;
    for (int i = 0; i < MAKERS; i++)
        CHECK_EQUAL(pthread_join(makers[i], NULL), 0);
    return 0;
}
