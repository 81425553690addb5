/* SPDX-License-Identifier: MIT */
/*
 * What the domains cost: a pair of malloc and free in a scope of each, what one
 * thread's scope does to another thread's throughput, and how long an exclusive
 * scope takes to open, and others to go on after it. Prints a line for each:
 * name, figure, unit. Nothing is asserted.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <tare/tare.h>

enum { ROUNDS = 25, PAIRS = 200000, OPENINGS = 1000, LONG_OPENINGS = 5 };

static double now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void pairs(long count)
{
    for (long i = 0; i < count; i++) {
        void *block = malloc(16 + (size_t)i % 31 * 16);
        __asm__ volatile("" : : "r"(block) : "memory");
        free(block);
    }
}

/* ---- A pair in a scope of each domain ------------------------------------ */

static void pair_in(const char *name, tare_domain domain, bool scoped)
{
    double least = 1e9;
    tare_stats stats;
    for (int i = 0; i < ROUNDS; i++) {
        tare_scope *scope = scoped ? tare_open(.domain = domain) : NULL;
        if (scoped && domain == TARE_TASK)
            tare_task_enter(scope);
        pairs(PAIRS / 4);
        double start = now_ns();
        pairs(PAIRS);
        double ns = (now_ns() - start) / PAIRS;
        least = ns < least ? ns : least;
        if (scoped && domain == TARE_TASK)
            tare_task_leave(scope);
        if (scoped)
            tare_close(scope, &stats);
    }
    printf("%s %.2f ns\n", name, least);
}

static void task_switch(void)
{
    double least = 1e9;
    tare_scope *task = tare_open(.domain = TARE_TASK);
    for (int i = 0; i < ROUNDS; i++) {
        double start = now_ns();
        for (int k = 0; k < 10000; k++) {
            tare_task_enter(task);
            tare_task_leave(task);
        }
        double ns = (now_ns() - start) / 10000;
        least = ns < least ? ns : least;
    }
    tare_close(task, NULL);
    printf("enter_and_leave %.2f ns\n", least);
}

/* ---- Beside another thread ------------------------------------------------ */

static atomic_bool stop;
static struct {
    _Alignas(64) atomic_long calls;
} beside;

static void *allocate_all_the_time(void *unused)
{
    while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
        pairs(100);
        atomic_fetch_add_explicit(&beside.calls, 100, memory_order_relaxed);
    }
    return unused;
}

/* Pairs a second of the other thread, while this one allocates too. */
static double others_rate(bool scoped)
{
    tare_scope *scope = scoped ? tare_open() : NULL;
    pairs(PAIRS / 4);
    long before = atomic_load(&beside.calls);
    double start = now_ns();
    pairs(PAIRS * 5);
    double rate = (double)(atomic_load(&beside.calls) - before) / (now_ns() - start) * 1e9;
    if (scoped)
        tare_close(scope, NULL);
    return rate;
}

static void beside_a_scope(void)
{
    static double ratios[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        double without = others_rate(false);
        ratios[i] = others_rate(true) / without;
    }
    qsort(ratios, ROUNDS, sizeof *ratios, by_value);
    printf("others_throughput %.3f times\n", ratios[ROUNDS / 2]);
}

/* ---- Exclusive ------------------------------------------------------------ */

static atomic_long single_calls;
static atomic_bool asked_when; /* the other thread goes on: it says when, as nobody spins for it beside */
static double went_on_ns;

/* Closes the scope; how long until the other thread has ended its next call. */
static double close_and_wait_us(tare_scope *scope)
{
    atomic_store(&asked_when, true);
    double start = now_ns();
    tare_close(scope, NULL);
    while (atomic_load(&asked_when))
        nanosleep(&(struct timespec){0, 50000}, NULL);
    return (went_on_ns - start) / 1e3;
}

static void *allocate_singly(void *unused)
{
    while (!atomic_load(&stop)) {
        pairs(1);
        atomic_fetch_add(&single_calls, 1);
        if (atomic_load(&asked_when)) {
            went_on_ns = now_ns();
            atomic_store(&asked_when, false);
        }
    }
    return unused;
}

static void sleep_ns(long ns)
{
    nanosleep(&(struct timespec){ns / 1000000000, ns % 1000000000}, NULL);
}

static void print_times(const char *name, double *us, size_t count)
{
    qsort(us, count, sizeof *us, by_value);
    printf("%s %.1f us at the median, %.0f at 99 %%, %.0f at worst\n", name, us[count / 2], us[(count - 1) * 99 / 100],
           us[count - 1]);
}

static void exclusive_for(double *enter_us, double *go_on_us)
{
    sleep_ns(200000);
    double start = now_ns();
    tare_scope *scope = tare_open(.domain = TARE_EXCLUSIVE);
    *enter_us = (now_ns() - start) / 1e3;
    *go_on_us = close_and_wait_us(scope);
}

static long exclusive_for_1_s(double *go_on_us)
{
    tare_scope *scope = tare_open(.domain = TARE_EXCLUSIVE);
    long before = atomic_load(&single_calls);
    sleep_ns(1000000000);
    long calls = atomic_load(&single_calls) - before;
    *go_on_us = close_and_wait_us(scope);
    return calls;
}

static void exclusive(void)
{
    static double enter_us[OPENINGS], go_on_us[OPENINGS];
    for (int i = 0; i < OPENINGS; i++)
        exclusive_for(&enter_us[i], &go_on_us[i]);
    print_times("exclusive_enter", enter_us, OPENINGS);
    print_times("exclusive_go_on", go_on_us, OPENINGS);

    long calls = 0;
    for (int i = 0; i < LONG_OPENINGS; i++)
        calls += exclusive_for_1_s(&go_on_us[i]);
    printf("exclusive_1_s %.1f calls of the other thread\n", (double)calls / LONG_OPENINGS);
    print_times("exclusive_1_s_go_on", go_on_us, LONG_OPENINGS);
}

static void *nothing(void *unused)
{
    return unused;
}

static void run_beside(void *(*function)(void *), void (*measure)(void))
{
    pthread_t thread;
    atomic_store(&stop, false);
    if (pthread_create(&thread, NULL, function, NULL) != 0)
        exit(3);
    sleep_ns(10000000);
    measure();
    atomic_store(&stop, true);
    pthread_join(thread, NULL);
}

int main(void)
{
    run_beside(nothing, task_switch); /* from here on the process has had a second thread */
    pair_in("no_scope", TARE_THREAD, false);
    pair_in("thread", TARE_THREAD, true);
    pair_in("family", TARE_FAMILY, true);
    pair_in("process", TARE_PROCESS, true);
    pair_in("exclusive", TARE_EXCLUSIVE, true);
    pair_in("task", TARE_TASK, true);
    run_beside(allocate_all_the_time, beside_a_scope);
    run_beside(allocate_singly, exclusive);
    return 0;
}
