/* SPDX-License-Identifier: MIT */
/*
 * What holds for tare_measure_async() with every event loop. The file of a loop
 * defines, and then calls driven():
 *
 *   EXECUTOR            of the loop
 *   ENDS_BY_ITSELF      1 where the loop ends when nothing is left to wait for
 *   struct timer        with the fields `fired` and `data`
 *   timer_start(timer, loop, after_ms, repeats)
 *   timer_end(timer)    ends it and frees its memory, by the library's rules
 *   loop_make(), loop_run(loop), loop_end(loop), loop_free(loop)
 *                       a loop in the library's own way
 */
#ifndef DRIVEN_H
#define DRIVEN_H

#include <dirent.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include <tare/async.h>

#include "caught.h"

enum { CLOCK_MS = 10 }; /* libevent reads a coarse clock: its timers fire so much early at most */

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static struct timer *timer_new(void *loop, unsigned after_ms, bool repeats, void (*fired)(struct timer *), void *data)
{
    struct timer *timer = calloc(1, sizeof *timer);
    timer->fired = fired;
    timer->data = data;
    timer_start(timer, loop, after_ms, repeats);
    return timer;
}

/* ---- Figures -------------------------------------------------------------- */

/* What the library itself allocates for one timer, measured on its own loop. */
static tare_stats of_one_timer;

static void measure_one_timer(void)
{
    void *loop = loop_make();
    struct timer *another = timer_new(loop, 100000, false, NULL, NULL); /* as the executor has one */
    for (int i = 0; i < 2; i++) { /* the second time nothing is made for the first use */
        struct timer *timer = NULL;
        tare_measure(&of_one_timer) {
            timer = timer_new(loop, 100000, false, NULL, NULL);
        }
        timer_end(timer);
    }
    timer_end(another);
    loop_free(loop);
    of_one_timer.allocations -= 1;
    of_one_timer.bytes_allocated -= sizeof(struct timer);
}

struct work {
    tare_async *async;
    char *block;
    void *kept;
};

static void end_of_work(struct timer *timer)
{
    struct work *work = timer->data;
    timer_end(timer);
    if (!ENDS_BY_ITSELF)
        tare_async_done(work->async);
}

static void grow_and_keep(struct timer *timer)
{
    struct work *work = timer->data;
    work->block = realloc(work->block, 300);
    free(work->block);
    work->kept = malloc(7);
    end_of_work(timer);
}

static unsigned after_ms;

static void start_known_work(void *loop, void *argument, tare_async *async)
{
    struct work *work = argument;
    work->async = async;
    work->block = malloc(100);
    timer_new(loop, after_ms, false, grow_and_keep, work);
}

static void check_known_work(const tare_stats *stats)
{
    uint64_t calls = of_one_timer.allocations + 1, bytes = of_one_timer.bytes_allocated + sizeof(struct timer);
    CHECK_EQUAL(stats->inexact, 0);
    CHECK_EQUAL(stats->allocations, calls + 2);
    CHECK_EQUAL(stats->deallocations, calls + 1);
    CHECK_EQUAL(stats->reallocations, 1);
    CHECK_EQUAL(stats->bytes_allocated, bytes + 307);
    CHECK_EQUAL(stats->bytes_deallocated, bytes + 300);
    CHECK_EQUAL(stats->bytes_reallocated, 200);
    CHECK_EQUAL(stats->peak_bytes, bytes + 300);
    CHECK_EQUAL(stats->leaked_allocations, 1);
    CHECK_EQUAL(stats->leaked_bytes, 7);
    CHECK_EQUAL(stats->failed_allocations, 0);
}

static void *measure_known_work(void *stats)
{
    struct work work = {NULL, NULL, NULL};
    CHECK_EQUAL(tare_measure_async(EXECUTOR, start_known_work, &work, (tare_stats *)stats, .name = "known"), 0);
    free(work.kept);
    return NULL;
}

enum { RUNS = 100 };

static void check_runs(const tare_stats *stats)
{
    for (int i = 0; i < RUNS; i++) {
        check_known_work(&stats[i]);
        CHECK(tare_stats_equal(&stats[i], &stats[0]));
    }
}

/* One after the other. The first is the process's first use of the library. */
static void in_turn(void)
{
    tare_stats stats[RUNS];
    after_ms = 1;
    for (int i = 0; i < RUNS; i++)
        measure_known_work(&stats[i]);
    measure_one_timer();
    check_runs(stats);
}

/* All at once, each with a timer of a second. */
static void a_second_each(void)
{
    pthread_t threads[RUNS];
    tare_stats stats[RUNS];
    after_ms = 1000;
    double start_ms = now_ms();
    for (int i = 0; i < RUNS; i++)
        CHECK_EQUAL(pthread_create(&threads[i], NULL, measure_known_work, &stats[i]), 0);
    for (int i = 0; i < RUNS; i++)
        pthread_join(threads[i], NULL);
    CHECK(now_ms() - start_ms >= 1000 - CLOCK_MS);
    check_runs(stats);
}

/* What the caller's thread does is none of it: neither the making of the thread
 * nor the waiting. */
static void in_a_scope_of_the_caller(void)
{
    tare_stats outer, inner;
    after_ms = 1;
    tare_measure(&outer) {
        measure_known_work(&inner);
        free(malloc(5));
    }
    check_known_work(&inner);
    CHECK_EQUAL(outer.inexact, 0);
    CHECK_EQUAL(outer.allocations, 1);
    CHECK_EQUAL(outer.bytes_allocated, 5);
    CHECK_EQUAL(outer.deallocations, 2); /* and what was kept */
}

/* Scopes over several threads count the loop's, as it is. The caller's place in an
 * exclusive scope is the loop's thread's while the caller waits for it. */
static void in_a_wider_scope_of_the_caller(tare_domain domain)
{
    tare_stats outer, inner;
    after_ms = 1;
    double start_ms = now_ms();
    tare_measure(&outer, .domain = domain) {
        measure_known_work(&inner);
    }
    CHECK(now_ms() - start_ms < 5000);
    check_known_work(&inner);
    CHECK_EQUAL(outer.inexact, 0);
    CHECK(outer.allocations >= inner.allocations);
    CHECK_EQUAL(outer.leaked_allocations, 0);
}

/* ---- Inside a loop that runs ------------------------------------------------ */

static double loop_start_ms;
static struct {
    void *loop;
    char order[8];
    size_t count;
    bool measuring;
    double last_ms;
} outer;

static void note(struct timer *timer)
{
    CHECK(!outer.measuring);
    outer.order[outer.count++] = *(const char *)timer->data;
    outer.last_ms = now_ms() - loop_start_ms;
    timer_end(timer);
    if (outer.count == 3)
        loop_end(outer.loop);
}

static void note_and_measure(struct timer *timer)
{
    tare_stats stats;
    outer.measuring = true;
    after_ms = 50;
    measure_known_work(&stats);
    outer.measuring = false;
    check_known_work(&stats);
    note(timer);
}

/* The timer that is due meanwhile fires next, the one after that in time. */
static void inside_a_running_loop(void)
{
    outer.loop = loop_make();
    loop_start_ms = now_ms();
    timer_new(outer.loop, 300, false, note, (void *)"c");
    timer_new(outer.loop, 30, false, note, (void *)"b");
    timer_new(outer.loop, 10, false, note_and_measure, (void *)"a");
    loop_run(outer.loop);
    loop_free(outer.loop);
    CHECK_EQUAL(outer.count, 3);
    CHECK_EQUAL(strcmp(outer.order, "abc"), 0);
    CHECK(outer.last_ms >= 300 - CLOCK_MS && outer.last_ms < 3000);
}

/* ---- The end of the work ------------------------------------------------------ */

static tare_async *last;
static struct timer *left_open;

static void start_and_be_done(void *loop, void *argument, tare_async *async)
{
    left_open = timer_new(loop, 100000, true, argument, NULL);
    CHECK_EQUAL(tare_async_done(async), 0);
    CHECK_EQUAL(tare_async_done(async), 0);
    last = async;
}

static void be_done(struct timer *timer)
{
    CHECK_EQUAL(tare_async_done(timer->data), 0);
}

static void start_to_be_done(void *loop, void *unused, tare_async *async)
{
    (void)unused;
    last = async;
    left_open = timer_new(loop, 1, true, be_done, async);
}

static void *done_by_another(void *async)
{
    const struct timespec a_moment = {0, 20000000};
    nanosleep(&a_moment, NULL);
    CHECK_EQUAL(tare_async_done(async), 0);
    return NULL;
}

static pthread_t other;

static void start_another(void *loop, void *unused, tare_async *async)
{
    (void)unused;
    last = async;
    left_open = timer_new(loop, 100000, true, be_done, async);
    CHECK_EQUAL(pthread_create(&other, NULL, done_by_another, async), 0);
}

/* The handle left open is the work's, so its memory is a leak of its. */
static void done(tare_async_start start)
{
    tare_stats stats;
    double start_ms = now_ms();
    CHECK_EQUAL(tare_measure_async(EXECUTOR, start, NULL, &stats), 0);
    CHECK(now_ms() - start_ms < 5000);
    CHECK_EQUAL(stats.inexact, 0);
    CHECK_EQUAL(stats.allocations, of_one_timer.allocations + 1);
    CHECK_EQUAL(stats.leaked_allocations, of_one_timer.allocations + 1);
    free(left_open);
    CHECK_EQUAL(tare_async_done(last), 0);
    CHECK(tare_async_scope(last) == NULL);
}

/* ---- Errors --------------------------------------------------------------------- */

static void ignore(struct timer *unused)
{
    (void)unused;
}

static void start_and_never_end(void *loop, void *unused, tare_async *async)
{
    (void)unused, (void)async;
    left_open = timer_new(loop, 1, true, ignore, NULL);
}

static void check_untouched(const tare_stats *stats)
{
    for (size_t i = 0; i < sizeof *stats; i++)
        CHECK_EQUAL(((const unsigned char *)stats)[i], 0x5a);
}

static void never_ending(void)
{
    tare_stats stats;
    memset(&stats, 0x5a, sizeof stats);
    double start_ms = now_ms();
    CHECK_FAILS(
        tare_measure_async(EXECUTOR, start_and_never_end, NULL, &stats, .name = "never ending", .timeout_ms = 100),
        TARE_ERROR_TIMEOUT);
    double took_ms = now_ms() - start_ms;
    CHECK(took_ms >= 100 - CLOCK_MS && took_ms < 5000);
    CHECK_CONTAINS(caught_message, "tare_measure_async: never ending: the time was over before the work was done\n");
    CHECK_CONTAINS(caught_message, EXECUTOR->name);
    CHECK_CONTAINS(caught_message, "was stopped with work left");
    CHECK_CONTAINS(caught_message, EXECUTOR->advice);
    check_untouched(&stats);
    free(left_open);
}

static void start_nothing(void *loop, void *unused, tare_async *async)
{
    (void)loop, (void)unused, (void)async;
}

static void nothing_to_do(void)
{
    tare_stats stats;
    if (ENDS_BY_ITSELF) {
        CHECK_EQUAL(tare_measure_async(EXECUTOR, start_nothing, NULL, &stats), 0);
        CHECK_EQUAL(stats.allocations, 0);
        CHECK_EQUAL(stats.deallocations, 0);
    } else {
        CHECK_FAILS(tare_measure_async(EXECUTOR, start_nothing, NULL, &stats, .timeout_ms = 50), TARE_ERROR_TIMEOUT);
        CHECK_CONTAINS(caught_message, "tare_async_done()");
    }
}

static int count_threads(void)
{
    int count = 0;
    DIR *tasks = opendir("/proc/self/task");
    while (readdir(tasks) != NULL)
        count++;
    closedir(tasks);
    return count;
}

static sem_t let_go;

static void block(struct timer *timer)
{
    sem_wait(&let_go);
    timer_end(timer);
}

static void start_and_block(void *loop, void *unused, tare_async *async)
{
    (void)unused, (void)async;
    timer_new(loop, 1, false, block, NULL);
}

/* The caller goes on a second after the deadline; the thread ends when it can. */
static void never_returning(void)
{
    tare_stats stats;
    int threads = count_threads();
    memset(&stats, 0x5a, sizeof stats);
    sem_init(&let_go, 0, 0);
    double start_ms = now_ms();
    CHECK_FAILS(tare_measure_async(EXECUTOR, start_and_block, NULL, &stats, .timeout_ms = 50), TARE_ERROR_TIMEOUT);
    double took_ms = now_ms() - start_ms;
    CHECK(took_ms >= 1050 - CLOCK_MS && took_ms < 6000);
    CHECK_CONTAINS(caught_message, EXECUTOR->name);
    CHECK_CONTAINS(caught_message, "left to itself");
    check_untouched(&stats);
    CHECK_EQUAL(count_threads(), threads + 1);
    sem_post(&let_go);
    while (count_threads() > threads)
        sched_yield();
}

/* The library is asked for a loop where there is no descriptor for it. */
static void no_loop(void)
{
    struct rlimit usual, none;
    tare_stats stats;
    memset(&stats, 0x5a, sizeof stats);
    getrlimit(RLIMIT_NOFILE, &usual);
    none = usual;
    none.rlim_cur = 3;
    setrlimit(RLIMIT_NOFILE, &none);
    CHECK_FAILS(tare_measure_async(EXECUTOR, start_nothing, NULL, &stats), TARE_ERROR_EXECUTOR);
    setrlimit(RLIMIT_NOFILE, &usual);
    CHECK_CONTAINS(caught_message, EXECUTOR->name);
    CHECK_CONTAINS(caught_message, "could not make its loop");
    check_untouched(&stats);
}

static void driven(void)
{
    in_turn();
    a_second_each();
    in_a_scope_of_the_caller();
    in_a_wider_scope_of_the_caller(TARE_FAMILY);
    in_a_wider_scope_of_the_caller(TARE_PROCESS);
    in_a_wider_scope_of_the_caller(TARE_EXCLUSIVE);
    inside_a_running_loop();
    done(start_and_be_done);
    done(start_to_be_done);
    done(start_another);
    pthread_join(other, NULL);
    catch_failures();
    never_ending();
    nothing_to_do();
    never_returning();
    no_loop();
    after_ms = 1;
    tare_stats stats;
    measure_known_work(&stats);
    check_known_work(&stats);
}

#endif
