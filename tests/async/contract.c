/* SPDX-License-Identifier: MIT */
/*
 * tare_measure_async() by itself, with an executor made for it: a loop is a
 * semaphore, which whoever has something for it posts. And what goes wrong that
 * has to do with no library.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

#include <tare/async.h>

#include "caught.h"

/* ---- The executor ------------------------------------------------------------ */

struct toy {
    sem_t posted;
    bool stopped;
    struct timespec deadline;
    void (*callback)(tare_async *async);
    tare_async *async;
    void *made; /* freed by unmake(), and counted nowhere */
};

static int toys; /* that are not unmade */

static void *toy_make(void *state, unsigned timeout_ms)
{
    struct toy *toy = state;
    sem_init(&toy->posted, 0, 0);
    clock_gettime(CLOCK_MONOTONIC, &toy->deadline);
    toy->deadline.tv_sec += timeout_ms / 1000;
    toy->deadline.tv_nsec += timeout_ms % 1000 * 1000000L;
    toy->deadline.tv_sec += toy->deadline.tv_nsec / 1000000000L;
    toy->deadline.tv_nsec %= 1000000000L;
    toy->made = malloc(1234);
    __atomic_add_fetch(&toys, 1, __ATOMIC_SEQ_CST);
    return toy;
}

static bool toy_run(void *state)
{
    struct toy *toy = state;
    if (toy->callback != NULL)
        toy->callback(toy->async);
    while (!__atomic_load_n(&toy->stopped, __ATOMIC_SEQ_CST))
        if (sem_clockwait(&toy->posted, CLOCK_MONOTONIC, &toy->deadline) != 0)
            return false;
    return true;
}

static void toy_stop(void *state)
{
    __atomic_store_n(&((struct toy *)state)->stopped, true, __ATOMIC_SEQ_CST);
}

static void toy_wake(void *state)
{
    toy_stop(state);
    sem_post(&((struct toy *)state)->posted);
}

static void toy_unmake(void *state)
{
    free(((struct toy *)state)->made);
    __atomic_sub_fetch(&toys, 1, __ATOMIC_SEQ_CST);
}

static const tare_executor toy_executor = {
    .name = "toy",
    .advice = "Be done.",
    .state_bytes = sizeof(struct toy),
    .make = toy_make,
    .run = toy_run,
    .stop = toy_stop,
    .wake = toy_wake,
    .unmake = toy_unmake,
};

static void call_back(void *loop, tare_async *async, void (*callback)(tare_async *async))
{
    struct toy *toy = loop;
    toy->async = async;
    toy->callback = callback;
}

/* ---- What is measured ----------------------------------------------------------- */

static void *kept;

static void keep_and_be_done(tare_async *async)
{
    free(malloc(10));
    kept = malloc(20);
    CHECK_EQUAL(tare_async_done(async), 0);
}

static void start_known(void *loop, void *unused, tare_async *async)
{
    (void)unused;
    call_back(loop, async, keep_and_be_done);
}

static void check_known(const tare_stats *stats)
{
    CHECK_EQUAL(stats->inexact, 0);
    CHECK_EQUAL(stats->allocations, 2);
    CHECK_EQUAL(stats->deallocations, 1);
    CHECK_EQUAL(stats->bytes_allocated, 30);
    CHECK_EQUAL(stats->peak_bytes, 20);
    CHECK_EQUAL(stats->leaked_bytes, 20);
    free(kept);
}

static void by_function_and_by_macro(void)
{
    tare_stats stats;
    const tare_async_options options = {.name = "known", .timeout_ms = 5000};
    CHECK_EQUAL(tare_measure_async_with(&toy_executor, start_known, NULL, &stats, &options), 0);
    check_known(&stats);
    CHECK_EQUAL(tare_measure_async(&toy_executor, start_known, NULL, &stats, .timeout_ms = 5000, .name = "known"), 0);
    check_known(&stats);
}

/* Inside the task of one work runs another. */
static void measure_inside(tare_async *async)
{
    tare_stats stats;
    CHECK_EQUAL(tare_measure_async(&toy_executor, start_known, NULL, &stats), 0);
    check_known(&stats); /* one deallocation more */
    tare_async_done(async);
}

static void start_nested(void *loop, void *unused, tare_async *async)
{
    (void)unused;
    call_back(loop, async, measure_inside);
}

static void nested(void)
{
    tare_stats stats;
    CHECK_EQUAL(tare_measure_async(&toy_executor, start_nested, NULL, &stats), 0);
    CHECK_EQUAL(stats.allocations, 0);
    CHECK_EQUAL(stats.deallocations, 1);
    CHECK_EQUAL(stats.inexact, 0);
}

/* ---- Other threads ---------------------------------------------------------------- */

static sem_t inside, go_on;
static pthread_t helper;

static void *work_and_be_done(void *async)
{
    free(malloc(100)); /* outside */
    tare_in_task(tare_async_scope(async)) {
        kept = malloc(20);
        free(malloc(10));
    }
    CHECK_EQUAL(tare_async_done(async), 0);
    return NULL;
}

static void start_helper(void *loop, void *unused, tare_async *async)
{
    (void)loop, (void)unused;
    CHECK_EQUAL(pthread_create(&helper, NULL, work_and_be_done, async), 0);
}

static void helped(void)
{
    tare_stats stats;
    CHECK_EQUAL(tare_measure_async(&toy_executor, start_helper, NULL, &stats), 0);
    CHECK_EQUAL(stats.inexact, 0);
    CHECK_EQUAL(stats.allocations, 2);
    CHECK_EQUAL(stats.bytes_allocated, 30);
    CHECK_EQUAL(stats.peak_bytes, 30);
    CHECK_EQUAL(stats.leaked_bytes, 20);
    pthread_join(helper, NULL);
    free(kept);
}

static void *stay_inside(void *scope)
{
    CHECK_EQUAL(tare_task_enter(scope), 0);
    sem_post(&inside);
    sem_wait(&go_on);
    CHECK_EQUAL(tare_task_leave(scope), 0);
    return NULL;
}

static void start_and_leave_inside(void *loop, void *unused, tare_async *async)
{
    (void)loop, (void)unused;
    CHECK_EQUAL(pthread_create(&helper, NULL, stay_inside, tare_async_scope(async)), 0);
    sem_wait(&inside);
    tare_async_done(async);
}

/* ---- Errors ---------------------------------------------------------------------- */

static void *no_make(void *state, unsigned timeout_ms)
{
    (void)state, (void)timeout_ms;
    return NULL;
}

static void null_arguments(void)
{
    tare_stats stats;
    const tare_async_options options = {0};
    tare_executor incomplete = toy_executor;
    incomplete.wake = NULL;
    CHECK_FAILS(tare_measure_async(NULL, start_known, NULL, &stats), TARE_ERROR_NULL_ARGUMENT);
    CHECK_CONTAINS(caught_message, "contract.c:");
    CHECK_CONTAINS(caught_message, "tare_measure_async: an argument is NULL");
    CHECK_FAILS(tare_measure_async(&incomplete, start_known, NULL, &stats), TARE_ERROR_NULL_ARGUMENT);
    CHECK_FAILS(tare_measure_async(&toy_executor, NULL, NULL, &stats), TARE_ERROR_NULL_ARGUMENT);
    CHECK_FAILS(tare_measure_async(&toy_executor, start_known, NULL, NULL), TARE_ERROR_NULL_ARGUMENT);
    CHECK_FAILS(tare_measure_async_with(&toy_executor, start_known, NULL, &stats, NULL), TARE_ERROR_NULL_ARGUMENT);
    CHECK_FAILS(tare_measure_async_with(&toy_executor, start_known, NULL, NULL, &options), TARE_ERROR_NULL_ARGUMENT);
    CHECK_FAILS(tare_async_done(NULL), TARE_ERROR_NULL_ARGUMENT);
    CHECK(tare_async_scope(NULL) == NULL);
    CHECK(tare_async_scope((tare_async *)&stats) == NULL); /* never was one */
}

static void no_executor(void)
{
    tare_stats stats;
    tare_executor broken = toy_executor;
    broken.make = no_make;
    CHECK_FAILS(tare_measure_async(&broken, start_known, NULL, &stats, .name = "broken"), TARE_ERROR_EXECUTOR);
    CHECK_CONTAINS(caught_message, "tare_measure_async: broken: ");
    CHECK_CONTAINS(caught_message, "  toy could not make its loop.\n");
    pthread_attr_t usual, huge;
    pthread_getattr_default_np(&usual);
    pthread_getattr_default_np(&huge);
    CHECK_EQUAL(pthread_attr_setstacksize(&huge, (size_t)1 << 46), 0);
    CHECK_EQUAL(pthread_setattr_default_np(&huge), 0);
    CHECK_FAILS(tare_measure_async(&toy_executor, start_known, NULL, &stats), TARE_ERROR_EXECUTOR);
    CHECK_CONTAINS(caught_message, "  There is no thread for the loop of toy.\n");
    CHECK_EQUAL(pthread_setattr_default_np(&usual), 0);
}

static void end_thread(tare_async *unused)
{
    (void)unused;
    pthread_exit(NULL);
}

static void start_and_end_thread(void *loop, void *unused, tare_async *async)
{
    (void)unused;
    call_back(loop, async, end_thread);
}

static void thread_ended(void)
{
    tare_stats stats;
    CHECK_FAILS(tare_measure_async(&toy_executor, start_and_end_thread, NULL, &stats), TARE_ERROR_EXECUTOR);
    CHECK_CONTAINS(caught_message, "The thread of toy's loop was ended by a callback");
    toys--; /* its loop is lost */
}

/* Another thread is inside the task when the work is done. */
static void still_inside(void)
{
    tare_stats stats;
    sem_init(&inside, 0, 0);
    sem_init(&go_on, 0, 0);
    CHECK_FAILS(tare_measure_async(&toy_executor, start_and_leave_inside, NULL, &stats, .name = "left inside"),
                TARE_ERROR_ENTERED);
    CHECK_CONTAINS(caught_message, "left inside: a thread is still inside the task");
    sem_post(&go_on);
    pthread_join(helper, NULL);
}

static void start_nothing(void *loop, void *unused, tare_async *async)
{
    (void)loop, (void)unused, (void)async;
}

static char long_name[2000];

static void too_long(void)
{
    tare_stats stats;
    memset(long_name, 'n', sizeof long_name - 1);
    CHECK_FAILS(tare_measure_async(&toy_executor, start_nothing, NULL, &stats, .name = long_name, .timeout_ms = 10),
                TARE_ERROR_TIMEOUT);
    CHECK_FAILS(tare_measure_async(&toy_executor, start_nothing, NULL, &stats, .timeout_ms = 10), TARE_ERROR_TIMEOUT);
    CHECK_CONTAINS(caught_message, "  The loop of toy was stopped with work left. Be done.\n");
}

/* ---- fork ---------------------------------------------------------------------------- */

static tare_async *parents;

static void fork_inside(tare_async *async)
{
    parents = async;
    pid_t child = fork();
    if (child == 0) {
        tare_stats stats;
        CHECK_EQUAL(tare_async_done(async), 0); /* the parent's; there is no such work here */
        CHECK(tare_async_scope(async) == NULL);
        if (CHECK_THREAD_SANITIZED)
            _exit(0);
        CHECK_EQUAL(tare_measure_async(&toy_executor, start_known, NULL, &stats), 0);
        check_known(&stats);
        _exit(0);
    }
    int status;
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK_EQUAL(status, 0);
    tare_async_done(async);
}

static void start_fork(void *loop, void *unused, tare_async *async)
{
    (void)unused;
    call_back(loop, async, fork_inside);
}

static void forked(void)
{
    tare_stats stats;
    CHECK_EQUAL(tare_measure_async(&toy_executor, start_fork, NULL, &stats), 0);
    CHECK_EQUAL(stats.allocations, 0);
    CHECK_EQUAL(stats.inexact, 0);
}

/* ---- Many ------------------------------------------------------------------------------ */

static size_t mapped_pages(void)
{
    char text[64] = "";
    FILE *statm = fopen("/proc/self/statm", "r");
    size_t pages = fgets(text, sizeof text, statm) != NULL ? strtoul(text, NULL, 10) : 0;
    fclose(statm);
    return pages;
}

/* Nothing stays of what is over. */
static void many(void)
{
    tare_stats stats;
    size_t before = 0;
    for (int i = 0; i < 2000; i++) {
        if (i == 200)
            before = mapped_pages();
        CHECK_EQUAL(tare_measure_async(&toy_executor, start_known, NULL, &stats), 0);
        check_known(&stats);
    }
    CHECK(CHECK_SANITIZED || mapped_pages() <= before + 100);
}

int main(void)
{
    by_function_and_by_macro();
    nested();
    helped();
    forked();
    many();
    catch_failures();
    null_arguments();
    no_executor();
    thread_ended();
    still_inside();
    too_long();
    by_function_and_by_macro();
    CHECK_EQUAL(toys, 0);
    return 0;
}
