/* SPDX-License-Identifier: MIT */
/*
 * A thread costs a scope the same whenever it is made, in every domain: what libc
 * takes for it, and takes not when it has a stack of before, is in none. With a
 * module's name, threads also touch its thread-local variables, which libc
 * allocates at the first touch: docs/limits.md says what holds then.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <tare/tare.h>
#include <threads.h>

#include "check.h"

enum { TIMES = 4, STACK_BYTES = 256 * 1024 };

static void (*touch)(void);
static sem_t done;

static void *allocate(void *unused)
{
    free(malloc(100));
    if (touch != NULL)
        touch();
    return unused;
}

static int allocate_c11(void *unused)
{
    allocate(unused);
    return 0;
}

static void *allocate_and_post(void *unused)
{
    allocate(unused);
    sem_post(&done);
    return unused;
}

static void by_pthread(void)
{
    pthread_t thread;
    CHECK_EQUAL(pthread_create(&thread, NULL, allocate, NULL), 0);
    CHECK_EQUAL(pthread_join(thread, NULL), 0);
}

static void by_c11(void)
{
    thrd_t thread;
    CHECK(thrd_create(&thread, allocate_c11, NULL) == thrd_success);
    CHECK(thrd_join(thread, NULL) == thrd_success);
}

static void with_own_stack(void)
{
    pthread_t thread;
    pthread_attr_t attributes;
    void *stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(stack != MAP_FAILED);
    CHECK_EQUAL(pthread_attr_init(&attributes), 0);
    CHECK_EQUAL(pthread_attr_setstack(&attributes, stack, STACK_BYTES), 0);
    CHECK_EQUAL(pthread_create(&thread, &attributes, allocate, NULL), 0);
    CHECK_EQUAL(pthread_join(thread, NULL), 0);
    CHECK_EQUAL(pthread_attr_destroy(&attributes), 0);
    CHECK_EQUAL(munmap(stack, STACK_BYTES), 0);
}

static void detached(void)
{
    pthread_t thread;
    pthread_attr_t attributes;
    CHECK_EQUAL(pthread_attr_init(&attributes), 0);
    CHECK_EQUAL(pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED), 0);
    CHECK_EQUAL(pthread_create(&thread, &attributes, allocate_and_post, NULL), 0);
    CHECK_EQUAL(pthread_attr_destroy(&attributes), 0);
    CHECK_EQUAL(sem_wait(&done), 0);
}

static uint64_t own_calls(tare_domain domain)
{
    return domain == TARE_THREAD || domain == TARE_TASK ? 0 : 1;
}

static void check_kind(void (*make)(void), tare_domain domain)
{
    tare_stats stats[TIMES];
    if (make == detached && domain == TARE_EXCLUSIVE)
        return; /* it would wait for the scope's end, and that for it */
    for (int i = 0; i < TIMES; i++)
        tare_measure(&stats[i], .domain = domain) {
            make();
        }
    uint64_t allocations = own_calls(domain);
    if (touch != NULL && allocations != 0)
        allocations++; /* the variables, by the thread itself */
    for (int i = 0; i < TIMES; i++) {
        CHECK_EQUAL(stats[i].inexact, 0);
        CHECK_EQUAL(stats[i].allocations, allocations);
        CHECK_EQUAL(stats[i].bytes_allocated, stats[0].bytes_allocated);
        if (touch != NULL)
            continue; /* where libc frees the variables depends on what it does with the stack */
        CHECK_EQUAL(stats[i].bytes_allocated, 100 * own_calls(domain));
        CHECK(tare_stats_equal(&stats[i], &stats[0]));
        CHECK_EQUAL(stats[i].leaked_allocations, 0);
    }
}

int main(int argc, char **argv)
{
    CHECK_EQUAL(sem_init(&done, 0, 0), 0);
    if (argc > 1) {
        void *module = dlopen(argv[1], RTLD_NOW);
        CHECK(module != NULL);
        *(void **)&touch = dlsym(module, "fill_tls");
        CHECK(touch != NULL);
    }
    static void (*const kinds[])(void) = {by_pthread, by_c11, with_own_stack, detached};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        for (tare_domain domain = TARE_THREAD; domain <= TARE_TASK; domain++)
            check_kind(kinds[i], domain);
    return 0;
}
