/* SPDX-License-Identifier: MIT */
/* Whose turn it is at the gate of exclusive scopes: threads that the owner joins,
 * joins that end early or late, a watchdog that bites, stacks of coroutines. */
#include "gate.h"

#include <sys/mman.h>
#include <ucontext.h>

/* ---- Joins inside joins -------------------------------------------------- */

static atomic_bool leaf_may_end, joining, joined, end_guest;
static atomic_long guest_calls;
static pthread_t guest;

static void *leaf(void *unused)
{
    WAIT_FOR(atomic_load(&leaf_may_end));
    return unused;
}

static void *join_and_allocate(void *unused)
{
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, leaf, NULL) == 0);
    atomic_store(&joining, true);
    CHECK(pthread_join(thread, NULL) == 0);
    atomic_store(&joined, true);
    while (!atomic_load(&end_guest)) {
        free(malloc(7));
        atomic_fetch_add(&guest_calls, 1);
    }
    return unused;
}

/* The guest has begun its own join when that of the owner gives up. */
static void give_up_a_join(void)
{
    atomic_store(&leaf_may_end, false);
    atomic_store(&joining, false);
    atomic_store(&joined, false);
    atomic_store(&end_guest, false);
    atomic_store(&guest_calls, 0);
    CHECK(pthread_create(&guest, NULL, join_and_allocate, NULL) == 0);
    struct timespec deadline;
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_nsec += 100000000;
    deadline.tv_sec += deadline.tv_nsec / 1000000000;
    deadline.tv_nsec %= 1000000000;
    CHECK_EQUAL(pthread_timedjoin_np(guest, NULL, &deadline), ETIMEDOUT);
}

static void end_the_guests_join(void)
{
    atomic_store(&leaf_may_end, true);
    WAIT_FOR(atomic_load(&joined));
    sleep_ms(A_WHILE_MS);
    CHECK_EQUAL(atomic_load(&guest_calls), 0);
}

/* A join that gave up has ended what its guest lent on: when that one's join ends,
 * it is no guest again, and waits. */
static void given_up_around_a_join(void)
{
    tare_stats stats;
    tare_measure(&stats, .domain = TARE_EXCLUSIVE, .watchdog_ms = NEVER_MS) {
        give_up_a_join();
        end_the_guests_join();
        atomic_store(&end_guest, true);
    }
    check_counts(&stats, 0, 0);
    CHECK(pthread_join(guest, NULL) == 0);
}

static void *own_meanwhile(void *unused)
{
    tare_stats stats;
    tare_measure(&stats, .domain = TARE_EXCLUSIVE, .watchdog_ms = NEVER_MS) {
        end_the_guests_join();
        atomic_store(&end_guest, true);
    }
    check_counts(&stats, 0, 0);
    return unused;
}

/* Nor is it a guest in the scope of another thread, which lent it nothing. */
static void given_up_in_an_earlier_scope(void)
{
    tare_stats stats;
    pthread_t owner;
    tare_measure(&stats, .domain = TARE_EXCLUSIVE, .watchdog_ms = NEVER_MS) {
        give_up_a_join();
    }
    check_counts(&stats, 0, 0);
    CHECK(pthread_create(&owner, NULL, own_meanwhile, NULL) == 0);
    CHECK(pthread_join(owner, NULL) == 0);
    CHECK(pthread_join(guest, NULL) == 0);
}

/* ---- A join that is cancelled -------------------------------------------- */

static void *allocate_until_told(void *unused)
{
    while (!atomic_load(&end_guest)) {
        free(malloc(7));
        atomic_fetch_add(&guest_calls, 1);
    }
    return unused;
}

static void clean_up(void *unused)
{
    (void)unused;
    long before = atomic_load(&guest_calls);
    sleep_ms(A_WHILE_MS);
    CHECK(atomic_load(&guest_calls) - before <= 1); /* it counts after its call */
    tare_stats stats;
    tare_measure(&stats, .domain = TARE_EXCLUSIVE, .watchdog_ms = NEVER_MS) {
        free(malloc(1));
    }
    check_counts(&stats, 1, 1);
    atomic_store(&end_guest, true);
}

static void *join_until_cancelled(void *unused)
{
    tare_stats stats;
    tare_measure(&stats, .domain = TARE_EXCLUSIVE, .watchdog_ms = NEVER_MS) {
        CHECK(pthread_create(&guest, NULL, allocate_until_told, NULL) == 0);
        pthread_cleanup_push(clean_up, NULL);
        pthread_join(guest, NULL);
        pthread_cleanup_pop(0);
    }
    return unused;
}

static void *wait_for_a_signal(void *unused)
{
    pause();
    return unused;
}

static void cancel(pthread_t thread)
{
    void *result = NULL;
    CHECK(pthread_cancel(thread) == 0);
    CHECK(pthread_join(thread, &result) == 0);
    CHECK(result == PTHREAD_CANCELED);
}

/* The owner's clean-up handlers run in its scope, which nobody shares any more. */
static void cancelled_in_a_join(void)
{
    if (CHECK_THREAD_SANITIZED)
        return;
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, wait_for_a_signal, NULL) == 0);
    cancel(thread); /* has libc load what it unwinds with, which allocates */
    atomic_store(&end_guest, false);
    atomic_store(&guest_calls, 0);
    CHECK(pthread_create(&thread, NULL, join_until_cancelled, NULL) == 0);
    WAIT_FOR(atomic_load(&guest_calls) > 10); /* so it is joined */
    cancel(thread);
    CHECK(pthread_join(guest, NULL) == 0);
}

/* ---- Scopes of guests ---------------------------------------------------- */

static void *allocate_100(void *unused)
{
    free(malloc(100));
    return unused;
}

static void *join_in_own_scope(void *stats)
{
    tare_measure(stats, .domain = TARE_EXCLUSIVE, .watchdog_ms = NEVER_MS) {
        pthread_t thread;
        free(malloc(1));
        CHECK(pthread_create(&thread, NULL, allocate_100, NULL) == 0);
        CHECK(pthread_join(thread, NULL) == 0);
    }
    return NULL;
}

/* An exclusive scope of a joined thread counts what that joins, as the owner's does. */
static void guests_scope(void)
{
    tare_stats outer, inner;
    tare_measure(&outer, .domain = TARE_EXCLUSIVE, .watchdog_ms = NEVER_MS) {
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, join_in_own_scope, &inner) == 0);
        CHECK(pthread_join(thread, NULL) == 0);
    }
    check_counts(&inner, 2, 101);
    check_counts(&outer, 2, 101);
}

/* ---- The watchdog -------------------------------------------------------- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static atomic_bool has_mutex, is_shut;

static void *allocate_with_mutex(void *unused)
{
    pthread_mutex_lock(&mutex);
    atomic_store(&has_mutex, true);
    WAIT_FOR(atomic_load(&is_shut));
    free(malloc(5));
    pthread_mutex_unlock(&mutex);
    return unused;
}

static pthread_t start_holder(void)
{
    pthread_t thread;
    atomic_store(&has_mutex, false);
    atomic_store(&is_shut, false);
    CHECK(pthread_create(&thread, NULL, allocate_with_mutex, NULL) == 0);
    WAIT_FOR(atomic_load(&has_mutex));
    return thread;
}

static __attribute__((noinline)) void wait_for_mutex(void)
{
    atomic_store(&is_shut, true);
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
    __asm__ volatile(""); /* no tail call: it is to be seen in the stack */
}

static void *deadlock_in_own_scope(void *stats)
{
    tare_measure(stats, .domain = TARE_EXCLUSIVE, .watchdog_ms = 100) {
        wait_for_mutex();
    }
    return NULL;
}

/* When the gate is opened by force, each scope that relied on it says so: the
 * owner's and its guest's. */
static void guests_scope_deadlocked(void)
{
    tare_stats outer, inner;
    tare_set_failure_handler(remember, NULL, NULL, NULL);
    pthread_t holder = start_holder();
    last_error = 0;
    tare_measure(&outer, .domain = TARE_EXCLUSIVE, .watchdog_ms = 100) {
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, deadlock_in_own_scope, &inner) == 0);
        CHECK(pthread_join(thread, NULL) == 0);
    }
    CHECK(pthread_join(holder, NULL) == 0);
    CHECK_EQUAL(last_error, TARE_ERROR_DEADLOCK);
    CHECK_EQUAL(inner.inexact, TARE_INEXACT_DEADLOCKED);
    CHECK_EQUAL(outer.inexact, TARE_INEXACT_DEADLOCKED);
    tare_set_failure_handler(NULL, NULL, NULL, NULL);
}

enum { WAITERS = 6, BITES = 10 };

/* Threads whose time is over together: one of them bites, and the report has the
 * stacks of both as they were then. */
static void bitten_by_several(void)
{
    pthread_t waiters[WAITERS];
    tare_set_failure_handler(remember, NULL, NULL, NULL);
    for (int i = 0; i < WAITERS; i++)
        waiters[i] = start_hammer();
    for (int i = 0; i < BITES; i++) {
        tare_stats stats;
        pthread_t holder = start_holder();
        last_message[0] = '\0';
        tare_measure(&stats, .domain = TARE_EXCLUSIVE, .watchdog_ms = 50) {
            wait_for_mutex();
        }
        CHECK(pthread_join(holder, NULL) == 0);
        CHECK_EQUAL(stats.inexact, TARE_INEXACT_DEADLOCKED);
        CHECK_CONTAINS(last_message, "waited to allocate or free:\n    #0 ");
        if (!CHECK_SANITIZED) /* whose programs are explained by addresses */
            CHECK(strstr(last_message, "\n    #0 hammer at ") != NULL ||
                  strstr(last_message, "\n    #0 allocate_with_mutex at ") != NULL);
        if (CHECK_THREAD_SANITIZED) /* which hands the signal on that asks for the stack when it is too late */
            continue;
        CHECK_CONTAINS(last_message, "\"gate\" held the scope, and was here:\n    #0 ");
        CHECK_CONTAINS(last_message, "pthread_mutex_lock");
    }
    for (int i = 0; i < WAITERS; i++)
        stop_hammer(waiters[i]);
    tare_set_failure_handler(NULL, NULL, NULL, NULL);
}

/* ---- Stacks of coroutines ------------------------------------------------ */

enum { STACK_BYTES = 1 << 18, STEPS = 60 };

static ucontext_t thread_context, coroutine;
static char *high_stack;

/* Others who wait have the owner look for itself, meanwhile, again and again. */
static void allocate_on_it(void)
{
    for (int i = 0; i < STEPS; i++) {
        free(malloc(1));
        sleep_ms(1);
    }
}

static void *run_coroutine(void *unused)
{
    tare_stats stats;
    if ((uintptr_t)high_stack < (uintptr_t)__builtin_frame_address(0)) {
        dprintf(2, "no stack above the thread's\n");
        return unused;
    }
    tare_measure(&stats, .domain = TARE_EXCLUSIVE, .watchdog_ms = NEVER_MS) {
        long before = atomic_load(&calls);
        CHECK(getcontext(&coroutine) == 0);
        coroutine.uc_stack.ss_sp = high_stack;
        coroutine.uc_stack.ss_size = STACK_BYTES;
        coroutine.uc_link = &thread_context;
        makecontext(&coroutine, allocate_on_it, 0);
        CHECK(swapcontext(&thread_context, &coroutine) == 0);
        CHECK(atomic_load(&calls) - before <= 1); /* the hammer counts after its call */
    }
    check_counts(&stats, STEPS, STEPS);
    return unused;
}

/* A call from above the block, but on another stack, has left no block. */
static void on_a_high_stack(void)
{
    if (CHECK_SANITIZED) /* which would have to be told of another stack */
        return;
    high_stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(high_stack != MAP_FAILED);
    pthread_t hammering = start_hammer(), thread;
    CHECK(pthread_create(&thread, NULL, run_coroutine, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    stop_hammer(hammering);
    munmap(high_stack, STACK_BYTES);
}

int main(int argc, char **argv)
{
    static void (*const parts[])(void) = {
        given_up_around_a_join, given_up_in_an_earlier_scope, cancelled_in_a_join,
        guests_scope,           guests_scope_deadlocked,      bitten_by_several,
        on_a_high_stack,
    };
    pthread_setname_np(pthread_self(), "gate");
    run_parts(parts, sizeof parts / sizeof *parts, argc > 1 ? argv[1] : NULL);
    return 0;
}
