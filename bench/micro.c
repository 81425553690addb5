/* SPDX-License-Identifier: MIT */
/*
 * What one malloc and free cost, in nanoseconds, for the shapes of use that
 * differ: a block freed at once, from few calls deep and from many, a block
 * replaced among few or many live ones, two threads at a time. Compiled once and linked twice, without tare and with
 * it, so that both programs run the same instructions; what tare adds is then
 * the ratio of the two (bench/run). Nothing is asserted.
 *
 * Each workload runs in many short rounds: the least is the cost with the
 * machine left alone, the median tells how much it was.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <tare/tare.h>

/* NULL in the program that is not linked with tare. */
#pragma weak tare_open_with
#pragma weak tare_close
#pragma weak tare_measure_begin_
#pragma weak tare_measure_end_

enum { SIZES = 256, ROUNDS_MAX = 1000 };
enum { PAIRS = 10000 }; /* a tenth of a millisecond: on a busy machine some rounds are left alone */

static uint16_t sizes[SIZES]; /* 16 to 512, in no order */
static bool scoped;
static tare_sites sites;
static int rounds = 25;

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8; /* the low bits of such a sequence are not random */
}

static void fill_sizes(void)
{
    uint32_t state = 1;
    for (int i = 0; i < SIZES; i++)
        sizes[i] = (uint16_t)(16 + next_random(&state) % 497);
}

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* The block is neither written nor read, but the compiler must think so. */
static void use(void *block)
{
    __asm__ volatile("" : : "r"(block) : "memory");
}

static tare_scope *open_if_scoped(void)
{
    return scoped ? tare_open_with(&(tare_options){.name = "micro", .sites = sites}) : NULL;
}

static void close_if_scoped(tare_scope *scope)
{
    if (scope != NULL)
        tare_close(scope, NULL);
}

/* ---- Workloads of one thread ---- */

static void pair(long operations)
{
    for (long i = 0; i < operations; i++) {
        void *block = malloc(sizes[i % SIZES]);
        use(block);
        free(block);
    }
}

static void **live;
static uint32_t live_mask;

static void live_fill(uint32_t blocks)
{
    live = calloc(blocks, sizeof *live);
    if (live == NULL)
        exit(3);
    live_mask = blocks - 1;
    for (uint32_t i = 0; i < blocks; i++)
        live[i] = malloc(sizes[i % SIZES]);
}

static void live_replace(long operations)
{
    static uint32_t state = 1;
    for (long i = 0; i < operations; i++) {
        void **block = &live[next_random(&state) & live_mask];
        free(*block);
        *block = malloc(sizes[i % SIZES]);
    }
}

static void live_empty(void)
{
    for (uint32_t i = 0; i <= live_mask; i++)
        free(live[i]);
    free(live);
}

static void scope_open(long operations)
{
    tare_stats stats;
    for (long i = 0; i < operations; i++)
        tare_measure(&stats) {
            use(&stats);
        }
}

/* ---- Rounds ---- */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values)
{
    qsort(values, (size_t)rounds, sizeof *values, by_value);
    return values[rounds / 2];
}

static void print_ns(const char *name, double *values)
{
    double middle = median(values);
    printf("%-10s least %8.2f median %8.2f ns per operation\n", name, values[0], middle);
}

static void run_rounds(const char *name, void (*work)(long operations), long operations)
{
    static double ns[ROUNDS_MAX];
    work(operations / 4 + 1); /* fill the allocator's caches */
    for (int i = 0; i < rounds; i++) {
        double start = now_ns();
        work(operations);
        ns[i] = (now_ns() - start) / (double)operations;
    }
    print_ns(name, ns);
}

/* ---- Pairs from many calls deep ---- */

/* Calls `next` until none is left, with a frame of its own size. */
#define CALL(function, words, next)                                                                                    \
    static __attribute__((noinline)) long function(const char *name, int left)                                         \
    {                                                                                                                  \
        volatile long kept[words] = {left};                                                                            \
        if (left == 0)                                                                                                 \
            run_rounds(name, pair, PAIRS);                                                                             \
        else                                                                                                           \
            next(name, left - 1);                                                                                      \
        return kept[0];                                                                                                \
    }
static long first(const char *name, int left);
CALL(fourth, 17, first)
CALL(third, 2, fourth)
CALL(second, 6, third)
CALL(first, 3, second)

/* ---- Two threads ---- */

enum { THREADS = 2, THREAD_OPERATIONS = 2000000 };

struct worker {
    pthread_t thread;
    pthread_barrier_t *barrier;
    double start, end;
};

static void *worker_main(void *argument)
{
    struct worker *worker = argument;
    tare_scope *scope = open_if_scoped();
    pair(THREAD_OPERATIONS / 4); /* its arena and caches */
    pthread_barrier_wait(worker->barrier);
    worker->start = now_ns();
    pair(THREAD_OPERATIONS);
    worker->end = now_ns();
    close_if_scoped(scope);
    return NULL;
}

/* Nanoseconds from the first start to the last end, for one operation of a thread. */
static double run_workers(unsigned count)
{
    pthread_barrier_t barrier;
    struct worker workers[THREADS];
    pthread_barrier_init(&barrier, NULL, count);
    for (unsigned i = 0; i < count; i++) {
        workers[i].barrier = &barrier;
        if (pthread_create(&workers[i].thread, NULL, worker_main, &workers[i]) != 0)
            exit(3);
    }
    for (unsigned i = 0; i < count; i++)
        pthread_join(workers[i].thread, NULL);
    pthread_barrier_destroy(&barrier);
    double start = workers[0].start, end = workers[0].end;
    for (unsigned i = 1; i < count; i++) {
        start = workers[i].start < start ? workers[i].start : start;
        end = workers[i].end > end ? workers[i].end : end;
    }
    return (end - start) / THREAD_OPERATIONS;
}

/* One thread and two in turn, so that both meet the same machine. The one runs
 * beside main too: glibc is cheaper where a process has never had a second. */
static void run_threads(const char *name)
{
    static double two_ns[ROUNDS_MAX], scaling[ROUNDS_MAX];
    double one_least = 0;
    for (int i = 0; i < rounds; i++) {
        double one_ns = run_workers(1);
        two_ns[i] = run_workers(THREADS) / THREADS;
        scaling[i] = one_ns / two_ns[i];
        one_least = one_least == 0 || one_ns < one_least ? one_ns : one_least;
    }
    print_ns(name, two_ns);
    printf("%-10s least %8.2f median %8.2f times the throughput of one thread\n", "scaling", one_least / two_ns[0],
           median(scaling));
}

/* ---- The command line ---- */

static void run_live(const char *name, uint32_t blocks, long operations)
{
    live_fill(blocks);
    run_rounds(name, live_replace, operations);
    live_empty();
}

static bool run(const char *name)
{
    if (strcmp(name, "pair") == 0)
        run_rounds(name, pair, PAIRS);
    else if (strcmp(name, "pair10") == 0)
        first(name, 10);
    else if (strcmp(name, "pair30") == 0)
        first(name, 30);
    else if (strcmp(name, "live4096") == 0)
        run_live(name, 4096, 1000000);
    else if (strcmp(name, "live1m") == 0)
        run_live(name, 1 << 20, 200000);
    else if (strcmp(name, "threads") == 0)
        run_threads(name);
    else if (strcmp(name, "scope_open") == 0 && tare_measure_begin_ != NULL)
        run_rounds(name, scope_open, 20000);
    else
        return false;
    return true;
}

static int usage(void)
{
    fputs("usage: micro [--scope] [--no-sites] [--rounds N] pair|pair10|pair30|live4096|live1m|threads|scope_open...\n"
          "--scope and scope_open need tare: micro_tare has it, and so has micro with libtare.so preloaded.\n",
          stderr);
    return 2;
}

int main(int argc, char **argv)
{
    int i = 1;
    for (; i < argc && argv[i][0] == '-'; i++) {
        if (strcmp(argv[i], "--scope") == 0 && tare_open_with != NULL)
            scoped = true;
        else if (strcmp(argv[i], "--no-sites") == 0)
            sites = TARE_SITES_OFF;
        else if (strcmp(argv[i], "--rounds") == 0 && i + 1 < argc)
            rounds = atoi(argv[++i]);
        else
            return usage();
    }
    if (i == argc || rounds < 1 || rounds > ROUNDS_MAX)
        return usage();
    fill_sizes();
    for (; i < argc; i++) {
        /* The threads open scopes of their own. */
        tare_scope *scope = strcmp(argv[i], "threads") != 0 ? open_if_scoped() : NULL;
        bool known = run(argv[i]);
        close_if_scoped(scope);
        if (!known)
            return usage();
    }
    return 0;
}
