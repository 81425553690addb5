/* SPDX-License-Identifier: MIT */
/*
 * Families, exclusive scopes and tasks that are left without their end: by
 * longjmp, pthread_exit, at a cancellation point, and by exit while another
 * thread waits at the gate. Threads that allocate all the time go on, and every
 * later scope is exact.
 *
 *     left_domains [exit]
 */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>

#include "exactly.h"

enum { TIMES = CHECK_ROUNDS(20), SECONDS_MAX = 50 };

enum way { BY_JUMP, BY_THREAD_EXIT, BY_CANCELLATION };

static atomic_bool stop, inside;
static atomic_long calls;
static tare_scope *task;
static jmp_buf outside;
static enum way way;
static tare_domain domain;

static void *hammer(void *unused)
{
    for (; !stop; calls++)
        free(malloc(100));
    return unused;
}

static void wait_for_calls(void)
{
    for (long before = calls; calls < before + 10;)
        free(malloc(3)); /* by which an owner that jumped finds out */
}

static void *allocate(void *unused)
{
    free(malloc(50));
    return unused;
}

static void leave(void)
{
    pthread_t thread;
    free(malloc(9));
    CHECK(pthread_create(&thread, NULL, allocate, NULL) == 0 && pthread_join(thread, NULL) == 0);
    if (way == BY_JUMP)
        longjmp(outside, 1);
    if (way == BY_THREAD_EXIT)
        pthread_exit(NULL);
    inside = true;
    for (;;)
        pause();
}

static __attribute__((noinline)) void be_left(void)
{
    static tare_stats unused;
    if (domain != TARE_TASK)
        tare_measure(&unused, .domain = domain)
            leave();
    else
        tare_in_task(task)
            leave();
}

static void *run(void *unused)
{
    tare_stats stats;
    if (way != BY_JUMP || setjmp(outside) == 0)
        be_left();
    tare_measure(&stats) { /* in this frame, above the one that is gone: there it is noticed */
    }
    CHECK_EQUAL(stats.inexact, 0);
    check_domains_exact(false);
    return unused;
}

static void leave_once(void)
{
    pthread_t thread;
    tare_stats stats;
    inside = false;
    if (domain == TARE_TASK)
        task = tare_open(.domain = TARE_TASK);
    CHECK(pthread_create(&thread, NULL, run, NULL) == 0);
    while (way == BY_CANCELLATION && !inside)
        sched_yield();
    CHECK(way != BY_CANCELLATION || pthread_cancel(thread) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    wait_for_calls();
    check_domains_exact(false);
    if (domain != TARE_TASK)
        return;
    CHECK_EQUAL(tare_close(task, &stats), 0); /* nobody is inside any more */
    CHECK_EQUAL(stats.allocations, 1);
    CHECK_EQUAL(stats.inexact, way == BY_JUMP ? TARE_INEXACT_ABANDONED : 0);
}

/* ---- By exit ------------------------------------------------------------ */

static void measure_at_exit(void)
{
    tare_stats stats;
    tare_measure(&stats) { /* the others wait yet, or allocate again */
        free(malloc(40));
    }
    CHECK_EQUAL(stats.inexact, 0);
    CHECK_EQUAL(stats.allocations, 1);
    dprintf(1, "measured at exit\n");
}

static void exit_while_others_wait(void)
{
    tare_stats stats;
    CHECK(atexit(measure_at_exit) == 0);
    tare_measure(&stats, .domain = TARE_EXCLUSIVE) {
        long before;
        do { /* until it waits */
            before = calls;
            usleep(2000);
        } while (calls != before);
        exit(0);
    }
}

int main(int argc, char **argv)
{
    (void)argv;
    static const tare_domain domains[] = {TARE_FAMILY, TARE_EXCLUSIVE, TARE_TASK};
    pthread_t hammering;
    alarm(SECONDS_MAX);
    CHECK(pthread_create(&hammering, NULL, hammer, NULL) == 0);
    if (argc > 1)
        exit_while_others_wait();
    for (int i = 0; i < TIMES; i++)
        for (int k = 0; k < 3; k++)
            for (way = BY_JUMP; way <= (CHECK_THREAD_SANITIZED ? BY_THREAD_EXIT : BY_CANCELLATION); way++) {
                domain = domains[k];
                leave_once();
            }
    stop = true;
    CHECK(pthread_join(hammering, NULL) == 0);
    check_domains_exact(true);
    check_all_exact();
    return 0;
}
