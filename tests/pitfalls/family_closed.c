/* SPDX-License-Identifier: MIT */
/* Whoever waits for a family is woken when its scope is closed, also when
 * another scope takes its place at once. */
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <time.h>

#include "exactly.h"

enum { TIMES = CHECK_ROUNDS(20000), TIMEOUT_MS = 20000, LATE_S = 10 };

static sem_t go_on;
static _Atomic(tare_scope *) due;
static atomic_int result;

static void ignore(const tare_failure *failure, void *context)
{
    (void)failure;
    (void)context;
}

static void *wait_for_family(void *unused)
{
    for (int i = 0; i < TIMES; i++) {
        tare_scope *family;
        while ((family = atomic_exchange(&due, NULL)) == NULL)
            sched_yield();
        result = tare_join_family(family, TIMEOUT_MS);
    }
    return unused;
}

static void *wait_in_family(void *unused)
{
    CHECK_EQUAL(sem_wait(&go_on), 0);
    return unused;
}

int main(void)
{
    pthread_t waiter;
    CHECK_EQUAL(sem_init(&go_on, 0, 0), 0);
    tare_set_failure_handler(ignore, NULL, NULL, NULL);
    CHECK_EQUAL(pthread_create(&waiter, NULL, wait_for_family, NULL), 0);
    for (int i = 0; i < TIMES; i++) {
        pthread_t thread;
        time_t start = time(NULL);
        tare_scope *family = tare_open(.domain = TARE_FAMILY);
        CHECK_EQUAL(pthread_create(&thread, NULL, wait_in_family, NULL), 0);
        result = 1;
        due = family;
        while (due != NULL)
            sched_yield();
        for (volatile int k = 0; k < i % 1000; k++) {
        }
        CHECK_EQUAL(tare_close(family, NULL), 0);
        tare_scope *another = tare_open();
        while (result == 1 && time(NULL) - start < LATE_S)
            sched_yield();
        CHECK_EQUAL(result, TARE_ERROR_NOT_OPEN);
        CHECK_EQUAL(tare_close(another, NULL), 0);
        CHECK_EQUAL(sem_post(&go_on), 0);
        CHECK_EQUAL(pthread_join(thread, NULL), 0);
    }
    CHECK_EQUAL(pthread_join(waiter, NULL), 0);
    return 0;
}
