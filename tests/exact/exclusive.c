/* SPDX-License-Identifier: MIT */
/* Exclusive scopes: the others wait, in order, and go on; nothing hangs however
 * the scope is left; and a deadlock becomes a failure that says what happened. */
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <tare/tare.h>
#include <threads.h>
#include <time.h>

#include "check.h"

static void sleep_ms(long ms)
{
    struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    while (nanosleep(&time, &time) != 0 && errno == EINTR) {
    }
}

static void check_counts(const tare_stats *stats, uint64_t allocations, uint64_t bytes)
{
    CHECK_EQUAL(stats->allocations, allocations);
    CHECK_EQUAL(stats->bytes_allocated, bytes);
    CHECK_EQUAL(stats->inexact, 0);
}

/* ---- A thread that allocates all the time -------------------------------- */

static atomic_bool stop;
static atomic_long calls;

static void *hammer(void *unused)
{
    while (!atomic_load(&stop)) {
        free(malloc(100));
        atomic_fetch_add(&calls, 1);
    }
    return unused;
}

static pthread_t start_hammer(void)
{
    pthread_t thread;
    atomic_store(&stop, false);
    long before = atomic_load(&calls);
    CHECK(pthread_create(&thread, NULL, hammer, NULL) == 0);
    while (atomic_load(&calls) == before)
        sched_yield();
    return thread;
}

static void stop_hammer(pthread_t thread)
{
    atomic_store(&stop, true);
    pthread_join(thread, NULL);
}

/* It goes on with this call soon. */
static void wait_for_calls(void)
{
    long before = atomic_load(&calls);
    while (atomic_load(&calls) < before + 10)
        sched_yield();
}

/* No call of another thread ends while the scope is open, not even one that was
 * on its way; and then all go on. */
static void others_wait(void)
{
    pthread_t thread = start_hammer();
    for (int i = 0; i < 300; i++) {
        tare_stats stats;
        tare_measure(&stats, .domain = TARE_EXCLUSIVE) {
            long before = atomic_load(&calls);
            free(malloc(10));
            sleep_ms(i % 50 == 0 ? 20 : 0);
            /* The hammer counts after its call: one that had ended before may be counted yet. */
            CHECK(atomic_load(&calls) - before <= 1);
            before = atomic_load(&calls);
            free(malloc(10));
            CHECK_EQUAL(atomic_load(&calls), before);
        }
        check_counts(&stats, 2, 20);
        wait_for_calls();
    }
    stop_hammer(thread);
}

/* ---- Nesting ------------------------------------------------------------ */

static void nested(void)
{
    pthread_t thread = start_hammer();
    tare_stats outer, inner, around;
    tare_measure(&around, .domain = TARE_PROCESS) {
        tare_measure(&outer, .domain = TARE_EXCLUSIVE) {
            free(malloc(1));
            tare_measure(&inner, .domain = TARE_EXCLUSIVE) {
                free(malloc(2));
            }
            long before = atomic_load(&calls);
            sleep_ms(5);
            CHECK_EQUAL(atomic_load(&calls), before); /* the inner one's end opens nothing */
            free(malloc(4));
        }
    }
    check_counts(&outer, 3, 7);
    check_counts(&inner, 1, 2);
    CHECK(around.allocations >= 3);
    wait_for_calls();
    stop_hammer(thread);
}

static int last_error;
static char last_message[8192];

static void remember(const tare_failure *failure, void *context)
{
    (void)context;
    last_error = failure->error;
    snprintf(last_message, sizeof last_message, "%s", failure->message);
}

static void held_elsewhere(void)
{
    tare_stats stats;
    tare_set_failure_handler(remember, NULL, NULL, NULL);
    tare_scope *scope = tare_open(.domain = TARE_EXCLUSIVE);
    CHECK(scope != NULL);
    CHECK(tare_open(.domain = TARE_EXCLUSIVE, .name = "second") == NULL);
    CHECK_EQUAL(last_error, TARE_ERROR_HELD_ELSEWHERE);
    CHECK_CONTAINS(last_message, "tare_open: second: ");
    last_error = 0;
    tare_measure(&stats, .domain = TARE_EXCLUSIVE) {
    }
    CHECK_EQUAL(last_error, TARE_ERROR_HELD_ELSEWHERE);
    CHECK_EQUAL(tare_close(scope, &stats), 0);
    CHECK_EQUAL(stats.inexact, 0);
    tare_set_failure_handler(NULL, NULL, NULL, NULL);
}

static tare_scope *others_scope;

static void *close_it(void *unused)
{
    CHECK_EQUAL(tare_close(others_scope, NULL), TARE_ERROR_WRONG_THREAD);
    return unused;
}

static void closed_by_another(void)
{
    pthread_t thread;
    tare_set_failure_handler(remember, NULL, NULL, NULL);
    others_scope = tare_open(.domain = TARE_EXCLUSIVE);
    CHECK(pthread_create(&thread, NULL, close_it, NULL) == 0);
    pthread_join(thread, NULL);
    CHECK_EQUAL(last_error, TARE_ERROR_WRONG_THREAD);
    CHECK_EQUAL(tare_close(others_scope, NULL), 0);
    tare_set_failure_handler(NULL, NULL, NULL, NULL);
}

/* ---- Threads and processes inside ---------------------------------------- */

static void *allocate_some(void *size)
{
    free(malloc((size_t)size));
    return NULL;
}

static int allocate_some_c11(void *size)
{
    allocate_some(size);
    return 3;
}

static void *start_and_join_another(void *size)
{
    pthread_t thread;
    free(malloc(1));
    CHECK(pthread_create(&thread, NULL, allocate_some, size) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    free(malloc(2));
    return NULL;
}

/* A thread that the owner joins goes on in its place, and counts; others wait. */
static void joined_inside(void)
{
    pthread_t hammering = start_hammer();
    tare_stats stats;
    for (int i = 0; i < 20; i++) {
        tare_measure(&stats, .domain = TARE_EXCLUSIVE) {
            long before = atomic_load(&calls);
            pthread_t thread;
            thrd_t c11;
            int result = 0;
            CHECK(pthread_create(&thread, NULL, start_and_join_another, (void *)100) == 0);
            CHECK(pthread_join(thread, NULL) == 0);
            CHECK(thrd_create(&c11, allocate_some_c11, (void *)1000) == thrd_success);
            CHECK(thrd_join(c11, &result) == thrd_success && result == 3);
            free(malloc(10));
            CHECK(atomic_load(&calls) - before <= 1);
        }
        check_counts(&stats, 5, 1113);
        CHECK_EQUAL(stats.deallocations, 5);
        CHECK_EQUAL(stats.peak_bytes, 1000);
        wait_for_calls();
    }
    stop_hammer(hammering);
}

static atomic_bool go;

static void *allocate_until_told(void *unused)
{
    while (!atomic_load(&go))
        free(malloc(7));
    free(malloc(7)); /* wherever it was when it was told, a call comes */
    return unused;
}

/* A join that gives up takes the place back. */
static void joined_for_a_time(void)
{
    tare_stats stats;
    pthread_t thread;
    tare_measure(&stats, .domain = TARE_EXCLUSIVE) {
        CHECK(pthread_create(&thread, NULL, allocate_until_told, NULL) == 0);
        struct timespec deadline;
        clock_gettime(CLOCK_REALTIME, &deadline);
        deadline.tv_nsec += 20000000;
        deadline.tv_sec += deadline.tv_nsec / 1000000000;
        deadline.tv_nsec %= 1000000000;
        CHECK_EQUAL(pthread_timedjoin_np(thread, NULL, &deadline), ETIMEDOUT);
        atomic_store(&go, true);
        sleep_ms(20);
        CHECK_EQUAL(pthread_tryjoin_np(thread, NULL), EBUSY); /* it waits in its call */
    }
    pthread_join(thread, NULL);
    CHECK(stats.allocations > 0);
    CHECK_EQUAL(stats.bytes_allocated, 7 * stats.allocations);
    CHECK_EQUAL(stats.inexact, 0);
}

static void forked_inside(void)
{
    pthread_t thread = start_hammer();
    tare_stats stats;
    tare_measure(&stats, .domain = TARE_EXCLUSIVE) {
        free(malloc(5));
        pid_t child = fork();
        if (child == 0) {
            free(malloc(6));
            pthread_t another;
            if (CHECK_THREAD_SANITIZED)
                _exit(0);
            CHECK(pthread_create(&another, NULL, allocate_some, (void *)8) == 0);
            CHECK(pthread_join(another, NULL) == 0);
            _exit(0);
        }
        int status = 1;
        CHECK(waitpid(child, &status, 0) == child && status == 0);
    }
    check_counts(&stats, 1, 5);
    stop_hammer(thread);
}

/* A child of another thread than the owner: nobody owns the gate there. */
static void *fork_and_allocate(void *status)
{
    pid_t child = fork();
    if (child == 0) {
        tare_stats stats;
        free(malloc(1));
        tare_measure(&stats, .domain = TARE_EXCLUSIVE) {
            free(malloc(2));
        }
        check_counts(&stats, 1, 2);
        _exit(0);
    }
    CHECK(waitpid(child, status, 0) == child);
    return NULL;
}

static void forked_beside(void)
{
    pthread_t hammering = start_hammer(), thread;
    tare_stats stats;
    static int status = 1;
    tare_measure(&stats, .domain = TARE_EXCLUSIVE) {
        CHECK(pthread_create(&thread, NULL, fork_and_allocate, &status) == 0);
        sleep_ms(50);
    }
    pthread_join(thread, NULL);
    CHECK_EQUAL(status, 0);
    stop_hammer(hammering);
}

/* ---- Ways to leave ------------------------------------------------------ */

static jmp_buf outside;

static __attribute__((noinline)) void jump_out(void)
{
    tare_stats unused;
    tare_measure(&unused, .domain = TARE_EXCLUSIVE) {
        free(malloc(1));
        longjmp(outside, 1);
    }
}

/* The owner's next call finds that its block is gone. */
static void left_by_jump(void)
{
    pthread_t thread = start_hammer();
    if (setjmp(outside) == 0)
        jump_out();
    long before = atomic_load(&calls);
    while (atomic_load(&calls) < before + 10)
        free(malloc(3));
    tare_stats stats;
    tare_measure(&stats, .domain = TARE_EXCLUSIVE) {
        free(malloc(4));
    }
    check_counts(&stats, 1, 4);
    wait_for_calls();
    stop_hammer(thread);
}

static void *end_inside(void *how)
{
    tare_stats unused;
    tare_scope *scope = tare_open(.domain = TARE_EXCLUSIVE);
    CHECK(scope != NULL);
    if (how == NULL)
        return NULL;
    tare_measure(&unused)
        pthread_exit(NULL);
    return NULL;
}

static void left_by_thread_end(void)
{
    pthread_t hammering = start_hammer(), thread;
    static int how;
    for (int i = 0; i < 2; i++) {
        CHECK(pthread_create(&thread, NULL, end_inside, i == 0 ? NULL : &how) == 0);
        CHECK(pthread_join(thread, NULL) == 0);
        wait_for_calls();
    }
    stop_hammer(hammering);
}

/* ---- Locks of libc ------------------------------------------------------ */

static void *load_all_the_time(void *unused)
{
    while (!atomic_load(&stop)) {
        void *module = dlopen("libm.so.6", RTLD_NOW);
        CHECK(module != NULL);
        dlclose(module);
        atomic_fetch_add(&calls, 1);
    }
    return unused;
}

/* A thread that waits may have the loader's lock, which closing must not need. */
static void beside_the_loader(void)
{
    pthread_t thread;
    atomic_store(&stop, false);
    CHECK(pthread_create(&thread, NULL, load_all_the_time, NULL) == 0);
    for (int i = 0; i < 300; i++) {
        tare_stats stats;
        tare_measure(&stats, .domain = TARE_EXCLUSIVE, .watchdog_ms = 5000) {
            free(malloc(9));
            sleep_ms(i % 10 == 0 ? 1 : 0);
        }
        check_counts(&stats, 1, 9);
    }
    stop_hammer(thread);
}

/* ---- The order of turns -------------------------------------------------- */

enum { OWNERS = 3, TURNS = 300 };

static atomic_int inside;

static void *take_turns(void *unused)
{
    for (int i = 0; i < TURNS; i++) {
        tare_stats stats;
        tare_measure(&stats, .domain = TARE_EXCLUSIVE) {
            CHECK_EQUAL(atomic_fetch_add(&inside, 1), 0);
            free(malloc(16));
            atomic_fetch_sub(&inside, 1);
        }
        check_counts(&stats, 1, 16);
    }
    return unused;
}

/* Several owners and a thread that only allocates: all get on, in turn. */
static void in_turn(void)
{
    pthread_t hammering = start_hammer(), owners[OWNERS];
    long before = atomic_load(&calls);
    for (int i = 0; i < OWNERS; i++)
        CHECK(pthread_create(&owners[i], NULL, take_turns, NULL) == 0);
    for (int i = 0; i < OWNERS; i++)
        pthread_join(owners[i], NULL);
    CHECK(atomic_load(&calls) - before > TURNS / 10); /* it was let through between owners, when it had a processor */
    stop_hammer(hammering);
}

/* ---- Deadlocks ---------------------------------------------------------- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static atomic_bool has_mutex;

static void *allocate_with_mutex(void *unused)
{
    pthread_setname_np(pthread_self(), "the-holder");
    pthread_mutex_lock(&mutex);
    atomic_store(&has_mutex, true);
    sleep_ms(50); /* until the scope is open */
    free(malloc(20));
    pthread_mutex_unlock(&mutex);
    return unused;
}

static __attribute__((noinline)) void wait_for_mutex(void)
{
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
    __asm__ volatile(""); /* no tail call: it is to be seen in the stack */
}

static pthread_t start_holder(void)
{
    pthread_t thread;
    atomic_store(&has_mutex, false);
    CHECK(pthread_create(&thread, NULL, allocate_with_mutex, NULL) == 0);
    while (!atomic_load(&has_mutex))
        sched_yield();
    return thread;
}

static void deadlocks(void)
{
    tare_stats stats;
    tare_set_failure_handler(remember, NULL, NULL, NULL);
    pthread_t thread = start_holder();
    last_error = 0;
    tare_measure(&stats, .domain = TARE_EXCLUSIVE, .watchdog_ms = 200, .name = "stuck") {
        free(malloc(30));
        wait_for_mutex();
    }
    pthread_join(thread, NULL);
    CHECK_EQUAL(last_error, TARE_ERROR_DEADLOCK);
    dprintf(1, "%s", last_message);
    CHECK_CONTAINS(last_message, "tare_measure: stuck: ");
    CHECK_CONTAINS(last_message, CHECK_SANITIZED ? "\"the-holder\" waited to allocate or free:\n    #0 exact_exclusive+"
                                                 : "\"the-holder\" waited to allocate or free:\n"
                                                   "    #0 allocate_with_mutex at ");
    CHECK_CONTAINS(last_message, "\"exclusive\" held the scope, and was here:");
    if (!CHECK_THREAD_SANITIZED)
        CHECK_CONTAINS(last_message, "pthread_mutex_lock");
    CHECK_CONTAINS(last_message, "TARE_FAMILY");
    CHECK_CONTAINS(last_message, "After 200 ms");
    CHECK_EQUAL(stats.inexact, TARE_INEXACT_DEADLOCKED);
    CHECK_EQUAL(stats.allocations, 1);

    /* By handle, with an expectation around, and with a nested block. */
    thread = start_holder();
    tare_scope *scope = tare_open(.domain = TARE_EXCLUSIVE, .watchdog_ms = 100);
    wait_for_mutex();
    last_error = 0;
    CHECK_EQUAL(tare_close(scope, &stats), TARE_ERROR_DEADLOCK);
    CHECK_EQUAL(last_error, TARE_ERROR_DEADLOCK);
    CHECK_EQUAL(stats.inexact, TARE_INEXACT_DEADLOCKED);
    pthread_join(thread, NULL);

    thread = start_holder();
    last_error = 0;
    tare_expect(.allocations = tare_none, .domain = TARE_EXCLUSIVE, .watchdog_ms = 100) {
        wait_for_mutex();
    }
    CHECK_EQUAL(last_error, TARE_ERROR_DEADLOCK);
    pthread_join(thread, NULL);

    /* And nothing of it stays. */
    tare_measure(&stats, .domain = TARE_EXCLUSIVE) {
        free(malloc(1));
    }
    check_counts(&stats, 1, 1);
    tare_set_failure_handler(NULL, NULL, NULL, NULL);
}

static int ends[2];

static void *write_after_allocating(void *unused)
{
    free(malloc(10));
    CHECK_EQUAL(write(ends[1], "x", 1), 1);
    return unused;
}

/* The signal that asks the owner for its stack may end its wait, so that it closes
 * the scope at once: it learns of the deadlock all the same. */
static void deadlock_ends_the_wait(void)
{
    tare_stats stats;
    pthread_t thread;
    tare_set_failure_handler(remember, NULL, NULL, NULL);
    CHECK(pipe(ends) == 0);
    for (int i = 0; i < 10; i++) {
        last_error = 0;
        tare_measure(&stats, .domain = TARE_EXCLUSIVE, .watchdog_ms = 30) {
            CHECK(pthread_create(&thread, NULL, write_after_allocating, NULL) == 0);
            struct pollfd readable = {ends[0], POLLIN, 0};
            poll(&readable, 1, 60000);
        }
        CHECK_EQUAL(last_error, TARE_ERROR_DEADLOCK);
        CHECK_EQUAL(stats.inexact, TARE_INEXACT_DEADLOCKED);
        pthread_join(thread, NULL);
        char byte;
        CHECK_EQUAL(read(ends[0], &byte, 1), 1);
    }
    tare_set_failure_handler(NULL, NULL, NULL, NULL);
}

/* The owner's signals are as they were, though it was asked for its stack. */
static void signals_as_before(void)
{
    for (int number = SIGRTMIN; number <= SIGRTMAX && !CHECK_THREAD_SANITIZED; number++) {
        struct sigaction action;
        CHECK(sigaction(number, NULL, &action) == 0);
        CHECK(action.sa_handler == SIG_DFL);
    }
}

int main(void)
{
    static void (*const parts[])(void) = {
        others_wait,       nested,        held_elsewhere, closed_by_another,      joined_inside,
        joined_for_a_time, forked_inside, forked_beside,  left_by_jump,           left_by_thread_end,
        beside_the_loader, in_turn,       deadlocks,      deadlock_ends_the_wait, signals_as_before,
    };
    pthread_setname_np(pthread_self(), "exclusive");
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        dprintf(1, "part %d\n", (int)i);
        parts[i]();
    }
    return 0;
}
