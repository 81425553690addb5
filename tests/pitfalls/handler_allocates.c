/* SPDX-License-Identifier: MIT */
/*
 * A timer's handler allocates while main allocates, opens, reads and closes
 * scopes: nothing hangs or crashes, no two owners get the same block, and each
 * figure is exact or says REENTERED. Then handlers that jump out of allocations:
 * what was open says so, and the next scopes are exact. And a handler that
 * interrupts a thread past its end.
 *
 * libc's malloc may not be called in a handler, so bump.c's, which may, stands
 * behind tare. Argument "alternate": handlers run on an alternate stack that
 * lies above the frames they interrupt.
 */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/time.h>
#include <time.h>

#include "bump.h"
#include "exactly.h"

enum { SECONDS = 2, PERIOD_US = 50, SIZES = 5, JUMPS = 2000 };

static volatile sig_atomic_t handler_allocations, handler_frees;
static unsigned char *handler_block;
static size_t handler_size;

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Keeps a block from one signal to the next, so that it is freed in another
 * scope than the one it was born in, and looks whether anybody wrote into it. */
static void allocate_in_handler(int signal)
{
    static const size_t sizes[SIZES] = {1, 8, 16, 62, 300};
    (void)signal;
    for (size_t i = 0; i < handler_size; i++)
        CHECK(handler_block[i] == 0x5a);
    if (handler_block != NULL) {
        free(handler_block);
        handler_frees++;
    }
    handler_size = sizes[handler_allocations % SIZES];
    handler_block = malloc(handler_size);
    CHECK(handler_block != NULL);
    handler_allocations++;
    memset(handler_block, 0x5a, handler_size);
}

static void set_timer(bool on)
{
    const struct timeval period = {0, on ? PERIOD_US : 0};
    const struct itimerval timer = {period, period};
    CHECK(setitimer(ITIMER_REAL, &timer, NULL) == 0);
}

static void handle(void (*handler)(int), void *alternate, size_t bytes)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    if (alternate != NULL) {
        stack_t stack = {.ss_sp = alternate, .ss_size = bytes};
        CHECK(sigaltstack(&stack, NULL) == 0);
        action.sa_flags |= SA_ONSTACK;
    }
    CHECK(sigaction(SIGALRM, &action, NULL) == 0);
}

/* ---- Handlers that come back ---------------------------------------------- */

static unsigned long exact, flagged;

static void measure_once(tare_domain domain, unsigned round)
{
    tare_stats stats;
    uint64_t pairs = 0;
    sig_atomic_t before_open = handler_allocations, frees_before = handler_frees;
    tare_scope *scope = tare_open(.domain = domain);
    sig_atomic_t after_open = handler_allocations;
    for (unsigned i = 0; i < 20 + round % 200; i++) {
        unsigned char *block = malloc(40);
        memset(block, 1, 40);
        block = realloc(block, 50);
        CHECK(block[39] == 1);
        free(block);
        pairs++;
    }
    sig_atomic_t before_close = handler_allocations;
    if (round % 4 == 0)
        CHECK(tare_read(scope, &stats) == 0);
    CHECK(tare_close(scope, &stats) == 0);
    int64_t after_close = handler_allocations, frees_after = handler_frees;
    CHECK_EQUAL(stats.inexact & ~(uint32_t)TARE_INEXACT_REENTERED, 0);
    if (stats.inexact != 0) {
        flagged++;
        return;
    }
    exact++;
    int64_t theirs = (int64_t)(stats.allocations - pairs), their_frees = (int64_t)(stats.deallocations - pairs);
    CHECK(theirs >= before_close - after_open && theirs <= after_close - before_open);
    CHECK(their_frees >= 0 && their_frees <= frees_after - frees_before);
    CHECK_EQUAL(stats.reallocations, pairs);
    CHECK(stats.leaked_allocations <= 1);
}

static void come_back(void)
{
    uint64_t end = now_ns() + (uint64_t)SECONDS * 1000000000;
    tare_scope *whole = tare_open(.domain = TARE_PROCESS);
    set_timer(true);
    for (unsigned round = 0; now_ns() < end; round++)
        measure_once(round % 2 ? TARE_PROCESS : TARE_THREAD, round);
    set_timer(false);
    CHECK(tare_close(whole, NULL) == 0);
    dprintf(1, "%d signals, %lu scopes exact, %lu re-entered\n", (int)handler_allocations, exact, flagged);
    CHECK(handler_allocations > 1000);
    CHECK(exact > 0);
    CHECK(flagged > 0); /* else nothing was tried */
    check_all_exact();
}

/* ---- Handlers that jump ---------------------------------------------------- */

static sigjmp_buf home;
static volatile sig_atomic_t may_jump;

static void jump_in_handler(int signal)
{
    allocate_in_handler(signal);
    if (!may_jump)
        return;
    may_jump = 0; /* the next signal may come before the stack is left: one jump is enough */
    siglongjmp(home, 1);
}

/* From a deeper frame than any that a later call is made in: what an allocation
 * left behind there is known to be void only then. */
static __attribute__((noinline)) void allocate_until_jump(volatile uint64_t *pairs)
{
    char deep[4096];
    __asm__ volatile("" ::"r"(deep));
    may_jump = 1;
    for (;;) {
        free(malloc(24));
        ++*pairs;
    }
}

static void jump_away(void)
{
    volatile unsigned long flagged_scopes = 0;
    for (volatile int i = 0; i < JUMPS; i++) {
        volatile uint64_t pairs = 0;
        volatile uint64_t handlers = (uint64_t)handler_allocations;
        tare_stats stats;
        tare_scope *volatile scope = tare_open();
        if (sigsetjmp(home, 1) == 0) {
            set_timer(true);
            allocate_until_jump(&pairs);
        }
        may_jump = 0;
        set_timer(false);
        CHECK(tare_close(scope, &stats) == 0);
        CHECK_EQUAL(stats.inexact & ~(uint32_t)TARE_INEXACT_REENTERED, 0);
        if (stats.inexact != 0)
            flagged_scopes++;
        else /* the jump came between two calls, or next to one */
            CHECK(stats.allocations - pairs - ((uint64_t)handler_allocations - handlers) <= 1);
        check_all_exact();
    }
    dprintf(1, "%d jumps, %lu of them out of an allocation\n", JUMPS, flagged_scopes);
    CHECK(flagged_scopes > 0);
}

/* ---- A handler past the end of its thread ----------------------------------- */

static void block_timer(int how)
{
    sigset_t timer;
    sigemptyset(&timer);
    sigaddset(&timer, SIGALRM);
    CHECK(pthread_sigmask(how, &timer, NULL) == 0);
}

/* The destructor of a key: those run when tare has seen the thread's end. */
static void allocate_past_end(void *unused)
{
    uint64_t end = now_ns() + 1000000000;
    (void)unused;
    block_timer(SIG_UNBLOCK);
    while (now_ns() < end)
        free(malloc(24));
    block_timer(SIG_BLOCK);
}

static void *end_at_once(void *key)
{
    free(malloc(1));
    CHECK(pthread_setspecific(*(pthread_key_t *)key, key) == 0);
    return NULL;
}

static void past_end(void)
{
    pthread_key_t key;
    pthread_t thread;
    int before = handler_allocations;
    CHECK(pthread_key_create(&key, allocate_past_end) == 0);
    block_timer(SIG_BLOCK);
    set_timer(true);
    CHECK(pthread_create(&thread, NULL, end_at_once, &key) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    set_timer(false);
    block_timer(SIG_UNBLOCK);
    CHECK(handler_allocations - before > 1000);
    check_all_exact();
}

int main(int argc, char **argv)
{
    (void)argv;
    char above[64 * 1024]; /* in this frame, so above all later ones */
    void *alternate = argc > 1 ? above : NULL;
    handle(allocate_in_handler, alternate, sizeof above);
    come_back();
    if (alternate == NULL) /* that stack is main's */
        past_end();
    handle(jump_in_handler, alternate, sizeof above);
    jump_away();
    CHECK(bump_calls > 0);
    return 0;
}
