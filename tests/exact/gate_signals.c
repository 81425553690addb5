/* SPDX-License-Identifier: MIT */
/* Signal handlers of threads that wait at the gate of exclusive scopes, or that are
 * inside what makes a thread: they jump, open scopes, fork and allocate there. */
#include "gate.h"

#include <setjmp.h>
#include <signal.h>
#include <sys/wait.h>

/* ---- A thread in line, whose signal comes --------------------------------- */

static pthread_t main_thread;
static pid_t main_id;
static atomic_bool is_shut, about_to_wait, may_open;

/* The hammer is in line first. So it, not the main thread, looks after the owner
 * from time to time; that one does nothing but wait when its signal comes. */
static void *hold_gate(void *unused)
{
    tare_stats stats;
    tare_measure(&stats, .domain = TARE_EXCLUSIVE, .watchdog_ms = NEVER_MS) {
        wait_until_asleep(atomic_load(&hammer_id));
        atomic_store(&is_shut, true);
        WAIT_FOR(atomic_load(&about_to_wait));
        wait_until_asleep(main_id);
        CHECK(pthread_kill(main_thread, SIGUSR1) == 0);
        WAIT_FOR(atomic_load(&may_open));
        wait_until_asleep(main_id);
    }
    check_counts(&stats, 0, 0);
    return unused;
}

static pthread_t start_owner(void (*handler)(int))
{
    pthread_t owner;
    atomic_store(&is_shut, false);
    atomic_store(&about_to_wait, false);
    atomic_store(&may_open, false);
    CHECK(signal(SIGUSR1, handler) != SIG_ERR);
    CHECK(pthread_create(&owner, NULL, hold_gate, NULL) == 0);
    WAIT_FOR(atomic_load(&is_shut));
    atomic_store(&about_to_wait, true);
    return owner;
}

/* ---- Handlers that jump -------------------------------------------------- */

static sigjmp_buf outside;

static void jump(int number)
{
    (void)number;
    siglongjmp(outside, 1);
}

static __attribute__((noinline)) void want_gate(void)
{
    tare_stats unused;
    tare_measure(&unused, .domain = TARE_EXCLUSIVE, .watchdog_ms = NEVER_MS)
        CHECK(false); /* the signal came before the turn */
}

/* A thread that jumped out of the line may be let in, but owns the gate for nothing:
 * its calls go on, and so do others'; nor does the next scope leave it shut. */
static void jumps_out_of_line(void)
{
    pthread_t hammering = start_hammer(), owner = start_owner(jump);
    if (sigsetjmp(outside, 1) == 0)
        want_gate();
    atomic_store(&may_open, true);
    CHECK(pthread_join(owner, NULL) == 0);
    wait_for_calls();
    tare_stats stats;
    tare_measure(&stats, .domain = TARE_EXCLUSIVE, .watchdog_ms = NEVER_MS) {
        free(malloc(4));
    }
    check_counts(&stats, 1, 4);
    wait_for_calls();
    stop_hammer(hammering);
}

/* ---- Handlers that want the gate themselves ------------------------------- */

static tare_stats handlers_stats;

static void open_and_allocate(int number)
{
    (void)number;
    atomic_store(&may_open, true);
    tare_measure(&handlers_stats, .domain = TARE_EXCLUSIVE, .watchdog_ms = NEVER_MS) {
        free(malloc(2));
    }
}

/* The handler's block has the thread's turn; the block that it came between is in
 * line again, and exclusive when it begins. */
static void opens_in_line(void)
{
    pthread_t hammering = start_hammer(), owner = start_owner(open_and_allocate);
    tare_stats stats;
    tare_measure(&stats, .domain = TARE_EXCLUSIVE, .watchdog_ms = NEVER_MS) {
        long before = atomic_load(&calls);
        sleep_ms(A_WHILE_MS);
        CHECK(atomic_load(&calls) - before <= 1); /* the hammer counts after its call */
        free(malloc(8));
    }
    check_counts(&handlers_stats, 1, 2);
    check_counts(&stats, 1, 8);
    wait_for_calls();
    CHECK(pthread_join(owner, NULL) == 0);
    stop_hammer(hammering);
}

/* ---- Handlers that fork -------------------------------------------------- */

static volatile pid_t child = -1;

static void fork_now(int number)
{
    (void)number;
    child = fork();
    atomic_store(&may_open, true);
}

/* In the child nobody has the gate: the call that waited goes on. */
static void forks_in_line(void)
{
    pthread_t hammering = start_hammer(), owner = start_owner(fork_now);
    free(malloc(3));
    if (child == 0)
        _exit(0);
    int status = 1;
    CHECK(child > 0);
    for (int waited_ms = 0; waitpid(child, &status, WNOHANG) == 0; waited_ms++) {
        if (waited_ms == BOUND_MS / 2)
            kill(child, SIGKILL);
        sleep_ms(1);
    }
    CHECK_EQUAL(status, 0);
    CHECK(pthread_join(owner, NULL) == 0);
    stop_hammer(hammering);
}

/* ---- Handlers inside pthread_create --------------------------------------- */

enum { CREATIONS = 600, PERIOD_NS = 500000 };

static atomic_long handlers_calls;

static void allocate(int number)
{
    (void)number;
    free(malloc(10));
    atomic_fetch_add(&handlers_calls, 1);
}

static void *do_nothing(void *unused)
{
    return unused;
}

static void set_timer(timer_t timer, long period_ns)
{
    struct itimerspec period = {{0, period_ns}, {0, period_ns}};
    CHECK(timer_settime(timer, 0, &period, NULL) == 0);
}

static void create_measured(const pthread_attr_t *attributes, const sigset_t *signals)
{
    tare_stats stats;
    pthread_t thread;
    long before = atomic_load(&handlers_calls);
    tare_measure(&stats) {
        pthread_sigmask(SIG_UNBLOCK, signals, NULL);
        CHECK(pthread_create(&thread, attributes, do_nothing, NULL) == 0);
        pthread_sigmask(SIG_BLOCK, signals, NULL);
    }
    CHECK(pthread_join(thread, NULL) == 0);
    if (stats.inexact == 0)
        CHECK_EQUAL(stats.allocations, atomic_load(&handlers_calls) - before);
    else
        CHECK_EQUAL(stats.inexact, TARE_INEXACT_REENTERED);
}

/* What a handler allocates inside pthread_create is counted, or said to be missing;
 * it is not taken for libc's, which is not counted. */
static void allocates_in_create(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGUSR2);
    CHECK(signal(SIGUSR2, allocate) != SIG_ERR);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR2};
    event._sigev_un._tid = gettid();
    CHECK(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
    set_timer(timer, PERIOD_NS);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    for (int i = 0; i < CREATIONS; i++) {
        /* Ever another size, so that libc makes a stack, in which there is time for a signal. */
        pthread_attr_setstacksize(&attributes, (size_t)(16 + i % 50) << 19);
        create_measured(&attributes, &signals);
    }
    pthread_attr_destroy(&attributes);
    set_timer(timer, 0);
    timer_delete(timer);
    CHECK(atomic_load(&handlers_calls) > 0);
}

int main(int argc, char **argv)
{
    static void (*const parts[])(void) = {jumps_out_of_line, opens_in_line, forks_in_line, allocates_in_create};
    main_thread = pthread_self();
    main_id = gettid();
    run_parts(parts, sizeof parts / sizeof *parts, argc > 1 ? argv[1] : NULL);
    return 0;
}
