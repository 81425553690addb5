/* SPDX-License-Identifier: MIT */
/*
 * A block that longjmp or siglongjmp left fills nothing and harms no later
 * scope, 100,000 of them cost neither memory nor time, and a block on another
 * stack, which looks the same, is at worst reported as left: never wrong.
 */
#include <setjmp.h>
#include <signal.h>
#include <time.h>
#include <ucontext.h>

#include "exactly.h"
#include "resident.h"

enum { TIMES = CHECK_ROUNDS(100000), GROWTH_BYTES_MAX = 512 * 1024 };

static jmp_buf plain;
static sigjmp_buf with_signals;
static void *volatile left_behind;
static tare_stats untouched;

static __attribute__((noinline)) void leave_block(tare_domain domain)
{
    tare_measure(&untouched, .domain = domain) {
        free(malloc(9));
        left_behind = malloc(10);
        longjmp(plain, 1);
    }
}

static __attribute__((noinline)) void leave_two_blocks(void)
{
    tare_stats outer;
    tare_measure(&outer) {
        left_behind = malloc(10);
        tare_measure(&untouched, .domain = TARE_PROCESS)
            longjmp(plain, 1);
    }
}

static void jump(int signal)
{
    (void)signal;
    siglongjmp(with_signals, 1);
}

static __attribute__((noinline)) void leave_by_handler(void)
{
    tare_measure(&untouched) {
        left_behind = malloc(10);
        raise(SIGUSR1);
    }
}

static void by_longjmp(void)
{
    static const tare_domain domains[] = {TARE_THREAD, TARE_PROCESS};
    for (volatile int i = 0; i < 2; i++) {
        if (setjmp(plain) == 0)
            leave_block(domains[i]);
        check_all_exact();
        free(left_behind);
        check_all_exact();
    }
    if (setjmp(plain) == 0)
        leave_two_blocks();
    free(left_behind);
    check_all_exact();
    /* Nothing was filled in. */
    CHECK_EQUAL(untouched.inexact, TARE_INEXACT_NOT_ATTACHED);
    CHECK(untouched.allocations == UINT64_MAX);
}

static void by_siglongjmp(void)
{
    signal(SIGUSR1, jump);
    if (sigsetjmp(with_signals, 1) == 0)
        leave_by_handler();
    check_all_exact();
    free(left_behind);
    check_all_exact();
}

/* An enclosing scope that was not left goes on, exact. */
static void inside_another(void)
{
    tare_stats stats;
    tare_measure(&stats) {
        if (setjmp(plain) == 0)
            leave_block(TARE_THREAD);
        check_exact(TARE_THREAD);
        free(left_behind);
    }
    CHECK_EQUAL(stats.inexact, 0);
    CHECK_EQUAL(stats.allocations, 2 + 2);
    CHECK_EQUAL(stats.deallocations, 2 + 2);
    CHECK_EQUAL(stats.bytes_allocated, 9 + 10 + 311);
    CHECK_EQUAL(stats.leaked_allocations, 0);
}

/* ---- Many ----------------------------------------------------------------- */

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t leave_times(int times, tare_domain domain)
{
    int64_t start = now_ns();
    for (volatile int i = 0; i < times; i++) {
        if (setjmp(plain) == 0)
            leave_block(domain);
        free(left_behind);
    }
    return now_ns() - start;
}

static void many(tare_domain domain, const char *name)
{
    leave_times(TIMES / 10, domain);
    int64_t early = leave_times(TIMES / 10, domain);
    size_t before = resident_bytes();
    leave_times(TIMES - TIMES / 5, domain);
    size_t after = resident_bytes();
    int64_t late = leave_times(TIMES / 10, domain);
    dprintf(1, "%s: grew by %td bytes; %jd ns each at first, %jd in the end\n", name, (ptrdiff_t)(after - before),
            (intmax_t)(early / (TIMES / 10)), (intmax_t)(late / (TIMES / 10)));
    CHECK(after < before + GROWTH_BYTES_MAX);
    CHECK(late < 4 * early + 100000000);
    check_all_exact();
}

/* ---- On another stack ------------------------------------------------------ */

static ucontext_t main_context, coroutine_context;
static tare_stats coroutine_stats;

static void coroutine(void)
{
    tare_measure(&coroutine_stats) {
        void *block = malloc(1000);
        swapcontext(&coroutine_context, &main_context);
        free(block);
    }
}

static void on_another_stack(void)
{
    static char stack[64 * 1024]; /* below every frame of the main stack */
    CHECK(getcontext(&coroutine_context) == 0);
    coroutine_context.uc_stack = (stack_t){.ss_sp = stack, .ss_size = sizeof stack};
    coroutine_context.uc_link = &main_context;
    makecontext(&coroutine_context, coroutine, 0);
    CHECK(swapcontext(&main_context, &coroutine_context) == 0);
    check_all_exact(); /* opens blocks above the coroutine's, which is still open */
    CHECK(swapcontext(&main_context, &coroutine_context) == 0);
    CHECK_EQUAL(coroutine_stats.inexact, TARE_INEXACT_ABANDONED);
    check_all_exact();
}

int main(void)
{
    by_longjmp();
    by_siglongjmp();
    inside_another();
    on_another_stack();
    many(TARE_THREAD, "thread");
    many(TARE_PROCESS, "process");
    return 0;
}
