/* SPDX-License-Identifier: MIT */
/* Families and tasks: whose calls they count, who is waited for, and peaks over
 * several threads. */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <tare/tare.h>
#include <threads.h>

#include "check.h"

static void check_counts(const tare_stats *stats, uint64_t allocations, uint64_t bytes, uint64_t leaked_bytes)
{
    CHECK_EQUAL(stats->allocations, allocations);
    CHECK_EQUAL(stats->bytes_allocated, bytes);
    CHECK_EQUAL(stats->leaked_bytes, leaked_bytes);
    CHECK_EQUAL(stats->inexact, 0);
}

/* ---- Families ----------------------------------------------------------- */

static void *allocate_and_free(void *size)
{
    free(malloc((size_t)size));
    return NULL;
}

static int allocate_and_free_c11(void *size)
{
    allocate_and_free(size);
    return 7;
}

static void *start_one_more(void *size)
{
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, allocate_and_free, size) == 0);
    pthread_join(thread, NULL);
    return NULL;
}

static void start_and_join(void *(*function)(void *), void *argument)
{
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, function, argument) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
}

static void children_and_theirs(void)
{
    tare_stats first, second, c11;
    tare_measure(&first, .domain = TARE_FAMILY) {
        start_and_join(start_one_more, (void *)100);
        free(malloc(1));
    }
    check_counts(&first, 2, 101, 0);
    CHECK_EQUAL(first.deallocations, 2);
    CHECK_EQUAL(first.peak_bytes, 100);
    tare_measure(&second, .domain = TARE_FAMILY) {
        start_and_join(start_one_more, (void *)100);
        free(malloc(1));
    }
    CHECK(tare_stats_equal(&first, &second));
    tare_measure(&c11, .domain = TARE_FAMILY) {
        thrd_t thread;
        int result = 0;
        CHECK(thrd_create(&thread, allocate_and_free_c11, (void *)30) == thrd_success);
        CHECK(thrd_join(thread, &result) == thrd_success && result == 7);
    }
    check_counts(&c11, 1, 30, 0);
}

static atomic_bool stop;
static atomic_int strangers_calls;

static void *allocate_all_the_time(void *unused)
{
    while (!atomic_load(&stop)) {
        free(malloc(999));
        atomic_fetch_add(&strangers_calls, 1);
    }
    return unused;
}

/* A thread from before is no member, nor is what it starts. */
static void strangers(void)
{
    pthread_t stranger;
    tare_stats stats;
    atomic_store(&stop, false);
    CHECK(pthread_create(&stranger, NULL, allocate_all_the_time, NULL) == 0);
    tare_measure(&stats, .domain = TARE_FAMILY) {
        int calls = atomic_load(&strangers_calls);
        while (atomic_load(&strangers_calls) < calls + 100) {
        }
        start_and_join(allocate_and_free, (void *)5);
    }
    check_counts(&stats, 1, 5, 0);
    atomic_store(&stop, true);
    pthread_join(stranger, NULL);
}

static sem_t go_on, holding;

static void *hold(void *size)
{
    void *block = malloc((size_t)size);
    sem_post(&holding);
    sem_wait(&go_on);
    free(block);
    return NULL;
}

/* The peak is of the family as a whole, and a thread counts until its end. */
static void peak_and_join(void)
{
    tare_stats stats;
    tare_scope *scope = tare_open(.domain = TARE_FAMILY);
    pthread_attr_t detached;
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    for (int i = 0; i < 3; i++) {
        pthread_t thread;
        CHECK(pthread_create(&thread, &detached, hold, (void *)1000) == 0);
    }
    for (int i = 0; i < 3; i++)
        sem_wait(&holding);
    CHECK_EQUAL(tare_read(scope, &stats), 0);
    check_counts(&stats, 3, 3000, 3000);
    for (int i = 0; i < 3; i++)
        sem_post(&go_on);
    CHECK_EQUAL(tare_join_family(scope, 60000), 0);
    CHECK_EQUAL(tare_close(scope, &stats), 0);
    check_counts(&stats, 3, 3000, 0);
    CHECK_EQUAL(stats.peak_bytes, 3000);
    pthread_attr_destroy(&detached);
}

static pthread_key_t key;

static void free_late(void *block)
{
    free(block);
}

static void *set_key(void *size)
{
    CHECK(pthread_setspecific(key, malloc((size_t)size)) == 0);
    return NULL;
}

/* What the destructor of another key frees belongs to the thread. */
static void freed_by_destructor(void)
{
    tare_stats stats;
    CHECK(pthread_key_create(&key, free_late) == 0);
    tare_measure(&stats, .domain = TARE_FAMILY) {
        start_and_join(set_key, (void *)64);
    }
    check_counts(&stats, 1, 64, 0);
    CHECK_EQUAL(stats.deallocations, 1);
    pthread_key_delete(key);
}

/* A thread that can't be made leaves nothing behind. */
static void not_made(void)
{
    tare_stats stats;
    tare_measure(&stats, .domain = TARE_FAMILY) {
        pthread_attr_t attributes;
        pthread_t thread;
        pthread_attr_init(&attributes);
        CHECK(pthread_attr_setstacksize(&attributes, (size_t)1 << 46) == 0);
        CHECK_EQUAL(pthread_create(&thread, &attributes, hold, NULL), EAGAIN);
        pthread_attr_destroy(&attributes);
        CHECK_EQUAL(tare_join_family(NULL, 0), 0);
    }
    check_counts(&stats, 0, 0, 0);
}

/* The dtv: a thread costs the same whether or not it is given a used stack. */
static void thread_infrastructure(tare_domain domain)
{
    tare_stats stats[3];
    for (int i = 0; i < 3; i++)
        tare_measure(&stats[i], .domain = domain) {
            start_and_join(allocate_and_free, (void *)16);
        }
    CHECK(tare_stats_equal(&stats[0], &stats[1]));
    CHECK(tare_stats_equal(&stats[1], &stats[2]));
    CHECK_EQUAL(stats[0].inexact, 0);
}

/* ---- Tasks -------------------------------------------------------------- */

/* Two tasks that take turns on one thread. */
static void interleaved(void)
{
    tare_scope *tasks[2] = {tare_open(.domain = TARE_TASK), tare_open(.domain = TARE_TASK)};
    void *blocks[2];
    tare_stats stats;
    for (size_t i = 0; i < 2; i++)
        tare_in_task(tasks[i]) {
            blocks[i] = malloc(100 * (i + 1));
        }
    free(malloc(5000)); /* of neither */
    for (size_t i = 0; i < 2; i++)
        tare_in_task(tasks[i]) {
            blocks[i] = realloc(blocks[i], 50);
        }
    for (size_t i = 0; i < 2; i++) {
        CHECK_EQUAL(tare_close(tasks[i], &stats), 0);
        check_counts(&stats, 1, 100 * (i + 1), 50);
        CHECK_EQUAL(stats.reallocations, 1);
        CHECK_EQUAL(stats.peak_bytes, 100 * (i + 1));
        free(blocks[i]);
    }
}

static tare_scope *shared_task;
static pthread_barrier_t barrier;

static void *work_in_task(void *unused)
{
    for (int i = 0; i < 1000; i++)
        tare_in_task(shared_task) {
            free(malloc(10));
        }
    void *block = NULL;
    tare_in_task(shared_task) {
        block = malloc(1000);
    }
    free(malloc(77777)); /* outside */
    pthread_barrier_wait(&barrier);
    tare_in_task(shared_task) {
        free(block);
    }
    return unused;
}

static void by_several_threads(void)
{
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    tare_stats stats;
    shared_task = tare_open(.domain = TARE_TASK);
    pthread_barrier_init(&barrier, NULL, THREADS);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, work_in_task, NULL) == 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    CHECK_EQUAL(tare_close(shared_task, &stats), 0);
    check_counts(&stats, THREADS * 1001, THREADS * (10000 + 1000), 0);
    CHECK_EQUAL(stats.deallocations, THREADS * 1001);
    CHECK(stats.peak_bytes >= THREADS * 1000 && stats.peak_bytes <= THREADS * 1010);
}

/* A block handed out by one task and ended by another, and by nobody's. */
static void handed_over(void)
{
    tare_scope *giver = tare_open(.domain = TARE_TASK), *taker = tare_open(.domain = TARE_TASK);
    void *first = NULL, *second = NULL;
    tare_stats stats;
    tare_in_task(giver) {
        first = malloc(10);
        second = malloc(20);
    }
    tare_in_task(taker) {
        free(first);
    }
    free(second);
    CHECK_EQUAL(tare_close(giver, &stats), 0);
    check_counts(&stats, 2, 30, 0);
    CHECK_EQUAL(stats.deallocations, 0);
    CHECK_EQUAL(tare_close(taker, &stats), 0);
    check_counts(&stats, 0, 0, 0);
    CHECK_EQUAL(stats.deallocations, 1);
    CHECK_EQUAL(stats.bytes_deallocated, 10);
}

/* Entered twice, it must be left twice. And tasks nest in each other. */
static void nested(void)
{
    tare_scope *outer = tare_open(.domain = TARE_TASK), *inner = tare_open(.domain = TARE_TASK);
    tare_stats stats;
    CHECK_EQUAL(tare_task_enter(outer), 0);
    CHECK_EQUAL(tare_task_enter(outer), 0);
    CHECK_EQUAL(tare_task_leave(outer), 0);
    free(malloc(1));
    CHECK_EQUAL(tare_task_enter(inner), 0);
    free(malloc(2));
    CHECK_EQUAL(tare_task_leave(outer), 0); /* in no order */
    free(malloc(4));
    CHECK_EQUAL(tare_task_leave(inner), 0);
    free(malloc(8));
    CHECK_EQUAL(tare_close(outer, &stats), 0);
    check_counts(&stats, 2, 3, 0);
    CHECK_EQUAL(tare_close(inner, &stats), 0);
    check_counts(&stats, 2, 6, 0);
}

static void *enter_and_end(void *unused)
{
    CHECK_EQUAL(tare_task_enter(shared_task), 0);
    free(malloc(3));
    return unused;
}

/* A thread's end leaves the task. */
static void left_by_thread_end(void)
{
    tare_stats stats;
    shared_task = tare_open(.domain = TARE_TASK);
    start_and_join(enter_and_end, NULL);
    CHECK_EQUAL(tare_close(shared_task, &stats), 0);
    check_counts(&stats, 1, 3, 0);
}

static jmp_buf outside;

static __attribute__((noinline)) void jump_out_of(tare_scope *task)
{
    tare_in_task(task) {
        free(malloc(1));
        longjmp(outside, 1);
    }
}

/* A jump's leaving is noticed at the thread's next block, and said. */
static void left_by_jump(void)
{
    tare_scope *task = tare_open(.domain = TARE_TASK), *other = tare_open(.domain = TARE_TASK);
    tare_stats stats;
    if (setjmp(outside) == 0)
        jump_out_of(task);
    tare_in_task(other) {
        free(malloc(2));
    }
    CHECK_EQUAL(tare_close(task, &stats), 0);
    CHECK_EQUAL(stats.allocations, 1);
    CHECK_EQUAL(stats.inexact, TARE_INEXACT_ABANDONED);
    CHECK_EQUAL(tare_close(other, &stats), 0);
    check_counts(&stats, 1, 2, 0);
}

/* A jump that stays inside an outer block of the same task takes the inner ones along. */
static void jump_inside(void)
{
    tare_scope *task = tare_open(.domain = TARE_TASK);
    tare_stats stats;
    tare_in_task(task) {
        if (setjmp(outside) == 0)
            jump_out_of(task);
        free(malloc(2));
    }
    free(malloc(4));
    CHECK_EQUAL(tare_close(task, &stats), 0);
    check_counts(&stats, 2, 3, 0);
}

/* Reading and starting anew while a thread is inside. */
static void read_and_reset(void)
{
    tare_scope *task = tare_open(.domain = TARE_TASK);
    tare_stats stats;
    void *block = NULL;
    CHECK_EQUAL(tare_task_enter(task), 0);
    block = malloc(300);
    CHECK_EQUAL(tare_read(task, &stats), 0);
    check_counts(&stats, 1, 300, 300);
    CHECK_EQUAL(tare_reset(task, &stats), 0);
    check_counts(&stats, 1, 300, 300);
    free(block);
    free(malloc(7));
    CHECK_EQUAL(tare_task_leave(task), 0);
    CHECK_EQUAL(tare_close(task, &stats), 0);
    check_counts(&stats, 1, 7, 0);
    CHECK_EQUAL(stats.deallocations, 2);
    CHECK_EQUAL(stats.peak_bytes, 0); /* 300 below where it started */
}

/* One request of many, for as long as a server runs: nothing is kept of those that are over. */
static void many_tasks(void)
{
    tare_stats stats;
    for (int i = 0; i < CHECK_ROUNDS(1000000); i++) {
        tare_scope *task = tare_open(.domain = TARE_TASK);
        tare_in_task(task) {
            free(malloc(1));
        }
        CHECK_EQUAL(tare_close(task, &stats), 0);
        check_counts(&stats, 1, 1, 0);
    }
}

int main(void)
{
    children_and_theirs();
    strangers();
    peak_and_join();
    freed_by_destructor();
    not_made();
    for (tare_domain domain = TARE_THREAD; domain <= TARE_TASK; domain++)
        if (domain != TARE_EXCLUSIVE)
            thread_infrastructure(domain);
    interleaved();
    by_several_threads();
    handed_over();
    nested();
    left_by_thread_end();
    left_by_jump();
    jump_inside();
    read_and_reset();
    many_tasks();
    return 0;
}
