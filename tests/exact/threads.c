/* SPDX-License-Identifier: MIT */
/* Scopes and threads: what each domain counts, blocks that change hands, peaks
 * of a process, threads that come and go. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <tare/tare.h>

#include "check.h"

enum { THREADS = 4, ROUNDS = CHECK_ROUNDS(20000) };

static void run(void *(*function)(void *), void *argument)
{
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, function, argument) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
}

static void *free_it(void *block)
{
    free(block);
    return NULL;
}

/* Born in a thread's scope, freed by a thread that the scope does not count. */
static void freed_by_another(void)
{
    tare_stats stats;
    tare_scope *scope = tare_open();
    void *freed = malloc(40), *kept = malloc(2);
    CHECK_EQUAL(tare_read(scope, &stats), 0);
    uint64_t allocations = stats.allocations;
    CHECK_EQUAL(allocations, 2);
    pthread_t thread;
    tare_stats around;
    tare_measure(&around) {
        CHECK(pthread_create(&thread, NULL, free_it, freed) == 0);
    } /* its own infrastructure */
    pthread_join(thread, NULL);
    CHECK_EQUAL(tare_close(scope, &stats), 0);
    CHECK_EQUAL(stats.deallocations, around.deallocations);
    CHECK_EQUAL(stats.leaked_allocations - around.leaked_allocations, 1);
    CHECK_EQUAL(stats.leaked_bytes - around.leaked_bytes, 2);
    CHECK_EQUAL(stats.inexact, 0);
    free(kept);
}

static void *measure_alone(void *seed)
{
    uintptr_t number = (uintptr_t)seed;
    for (uintptr_t i = 0; i < ROUNDS / 10; i++) {
        tare_stats stats;
        tare_measure(&stats) {
            for (uintptr_t k = 0; k < number; k++)
                free(malloc(k));
        }
        CHECK_EQUAL(stats.allocations, number);
        CHECK_EQUAL(stats.bytes_allocated, number * (number - 1) / 2);
        CHECK_EQUAL(stats.inexact, 0);
    }
    return NULL;
}

static void in_parallel(void)
{
    pthread_t threads[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, measure_alone, (void *)(i * 5 + 3)) == 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

static pthread_barrier_t barrier;

static void *allocate_counted(void *unused)
{
    pthread_barrier_wait(&barrier); /* the scope is about to open */
    pthread_barrier_wait(&barrier); /* it is open */
    for (int i = 0; i < ROUNDS; i++)
        free(malloc(16));
    void *kept = malloc(1000);
    pthread_barrier_wait(&barrier); /* all hold their thousand bytes */
    free(kept);
    pthread_barrier_wait(&barrier); /* the scope is about to close */
    pthread_barrier_wait(&barrier); /* it is closed */
    free(malloc(7));
    return unused;
}

static void whole_process(void)
{
    pthread_t threads[THREADS];
    tare_stats stats;
    CHECK(pthread_barrier_init(&barrier, NULL, THREADS + 1) == 0);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, allocate_counted, NULL) == 0);
    pthread_barrier_wait(&barrier);
    tare_scope *scope = tare_open(.domain = TARE_PROCESS);
    for (int i = 0; i < 3; i++)
        pthread_barrier_wait(&barrier);
    CHECK_EQUAL(tare_close(scope, &stats), 0);
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    CHECK_EQUAL(stats.allocations, THREADS * (ROUNDS + 1));
    CHECK_EQUAL(stats.deallocations, THREADS * (ROUNDS + 1));
    CHECK_EQUAL(stats.bytes_allocated, THREADS * (ROUNDS * 16 + 1000));
    CHECK_EQUAL(stats.bytes_deallocated, THREADS * (ROUNDS * 16 + 1000));
    CHECK_EQUAL(stats.leaked_allocations, 0);
    CHECK(stats.peak_bytes >= THREADS * 1000 && stats.peak_bytes <= THREADS * 1016);
    CHECK_EQUAL(stats.inexact, 0);
}

static atomic_int calls_due;
static atomic_bool stop;

static void *measure_all_the_time(void *unused)
{
    while (!atomic_load(&stop)) {
        tare_stats stats;
        tare_measure(&stats) {
        }
        for (; atomic_load(&calls_due) > 0; atomic_fetch_sub(&calls_due, 1))
            free(malloc(5));
    }
    return unused;
}

/* A thread at whose own opening or closing a process scope opens is counted by
 * that from its next call. */
static void opened_beside_openings(void)
{
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, measure_all_the_time, NULL) == 0);
    for (int i = 0; i < 1000; i++) {
        tare_stats stats;
        tare_measure(&stats, .domain = TARE_PROCESS) {
            atomic_store(&calls_due, 3);
            while (atomic_load(&calls_due) > 0) {
            }
        }
        CHECK_EQUAL(stats.allocations, 3);
        CHECK_EQUAL(stats.deallocations, 3);
        CHECK_EQUAL(stats.inexact, 0);
    }
    atomic_store(&stop, true);
    pthread_join(thread, NULL);
}

static void *allocate_all_the_time(void *unused)
{
    void *kept = NULL;
    while (!atomic_load(&stop)) {
        void *block = malloc(3);
        free(kept); /* born before the latest reset at times */
        kept = block;
    }
    free(kept);
    return unused;
}

/* A reset takes what was counted until then and leaves the rest to come: the
 * parts add up to the whole, and of no part a block is left in the end. */
static void reset_beside_calls(void)
{
    pthread_t thread;
    tare_stats whole, part, sum = {0};
    atomic_store(&stop, false);
    tare_scope *all = tare_open(.domain = TARE_PROCESS), *parts = tare_open(.domain = TARE_PROCESS);
    CHECK(pthread_create(&thread, NULL, allocate_all_the_time, NULL) == 0);
    const int resets = CHECK_ROUNDS(ROUNDS);
    for (int i = 0; i < resets || sum.allocations < ROUNDS; i++) {
        CHECK_EQUAL(tare_reset(parts, &part), 0);
        CHECK_EQUAL(part.inexact, 0);
        sum.allocations += part.allocations;
        sum.deallocations += part.deallocations;
        sum.bytes_allocated += part.bytes_allocated;
        CHECK((int64_t)part.leaked_allocations >= 0);
    }
    atomic_store(&stop, true);
    pthread_join(thread, NULL);
    CHECK_EQUAL(tare_close(parts, &part), 0);
    CHECK_EQUAL(tare_close(all, &whole), 0);
    CHECK_EQUAL(sum.allocations + part.allocations, whole.allocations);
    CHECK_EQUAL(sum.deallocations + part.deallocations, whole.deallocations);
    CHECK_EQUAL(sum.bytes_allocated + part.bytes_allocated, whole.bytes_allocated);
    CHECK_EQUAL(part.leaked_allocations, 0);
    CHECK_EQUAL(part.leaked_bytes, 0);
    CHECK_EQUAL(whole.inexact, 0);
}

static void *allocate_and_end(void *unused)
{
    free(malloc(50));
    return malloc(60) == NULL ? &barrier : unused;
}

/* Threads that are gone when the scope is read have counted all the same. */
static void gone_threads(void)
{
    tare_stats empty, stats;
    run(allocate_and_end, NULL); /* the stack is there to be reused */
    tare_measure(&empty, .domain = TARE_PROCESS) {
        for (int i = 0; i < 10; i++)
            run(free_it, NULL);
    }
    tare_measure(&stats, .domain = TARE_PROCESS) {
        for (int i = 0; i < 10; i++)
            run(allocate_and_end, NULL);
    }
    CHECK_EQUAL(stats.allocations - empty.allocations, 20);
    CHECK_EQUAL(stats.leaked_allocations - empty.leaked_allocations, 10);
    CHECK_EQUAL(stats.leaked_bytes - empty.leaked_bytes, 600);
    CHECK_EQUAL(stats.inexact, 0);
}

static tare_scope *of_a_dead_thread;

static void *leave_a_scope_open(void *unused)
{
    of_a_dead_thread = tare_open();
    free(malloc(11));
    return unused;
}

static void ignore(const tare_failure *failure, void *context)
{
    (void)failure;
    (void)context;
}

/* A scope whose thread has ended keeps its figures until somebody closes it. */
static void ended_scope(void)
{
    tare_stats stats;
    run(leave_a_scope_open, NULL);
    CHECK_EQUAL(tare_read(of_a_dead_thread, &stats), 0);
    CHECK_EQUAL(stats.allocations, 1);
    tare_set_failure_handler(ignore, NULL, NULL, NULL);
    CHECK_EQUAL(tare_reset(of_a_dead_thread, &stats), TARE_ERROR_NOT_OPEN);
    tare_set_failure_handler(NULL, NULL, NULL, NULL);
    CHECK_EQUAL(tare_close(of_a_dead_thread, &stats), 0);
    CHECK_EQUAL(stats.allocations, 1);
    CHECK_EQUAL(stats.bytes_allocated, 11);
    CHECK_EQUAL(stats.inexact, 0);
}

static void *hand_over(void *slot)
{
    for (int i = 0; i < ROUNDS; i++) {
        void *mine = malloc(48);
        free(atomic_exchange((_Atomic(void *) *)slot, mine));
    }
    return NULL;
}

/* Blocks made by one thread and freed by another, all inside a process scope. */
static void changing_hands(void)
{
    static _Atomic(void *) slot;
    tare_stats stats;
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, hand_over, &slot) == 0);
    for (int i = 0; i < 1000; i++) {
        tare_scope *scope = tare_open(.domain = TARE_PROCESS);
        free(malloc(100));
        CHECK_EQUAL(tare_close(scope, &stats), 0);
        CHECK_EQUAL(stats.inexact, 0);
        CHECK((int64_t)stats.leaked_allocations >= 0 && stats.leaked_allocations <= THREADS + 1);
        CHECK((int64_t)(stats.bytes_allocated - stats.bytes_deallocated) <= (int64_t)stats.peak_bytes);
        CHECK_EQUAL(stats.leaked_bytes, 48 * stats.leaked_allocations);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    free(atomic_exchange(&slot, NULL));
}

int main(void)
{
    freed_by_another();
    in_parallel();
    whole_process();
    opened_beside_openings();
    reset_beside_calls();
    gone_threads();
    ended_scope();
    changing_hands();
    return 0;
}
