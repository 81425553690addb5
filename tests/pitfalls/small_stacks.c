/* SPDX-License-Identifier: MIT */
/* A measured call needs little stack: threads with the smallest stack there is,
 * handlers on small alternate stacks, and a painted stack that shows how deep
 * each function goes. */
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "exactly.h"

enum { PAGE = 4096, LIMIT_BYTES = 4096, PAINTED_BYTES = 64 * 1024, PAINT = 0xa5 };

/* bytes of memory with an unusable page below, so that going too deep kills. */
static unsigned char *stack_above_guard(size_t bytes)
{
    bytes = (bytes + PAGE - 1) / PAGE * PAGE;
    unsigned char *memory = mmap(NULL, bytes + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(memory != MAP_FAILED && mprotect(memory, PAGE, PROT_NONE) == 0);
    return memory + PAGE;
}

/* ---- Threads ------------------------------------------------------------- */

static void *measure_on_small_stack(void *unused)
{
    check_all_exact();
    return unused;
}

static void small_threads(void)
{
    pthread_attr_t attributes;
    CHECK(pthread_attr_init(&attributes) == 0);
    CHECK(pthread_attr_setstacksize(&attributes, (size_t)PTHREAD_STACK_MIN) == 0);
    for (int i = 0; i < 64; i++) {
        pthread_t thread;
        CHECK(pthread_create(&thread, &attributes, measure_on_small_stack, NULL) == 0);
        CHECK(pthread_join(thread, NULL) == 0);
    }
    pthread_attr_destroy(&attributes);
}

/* ---- Handlers ------------------------------------------------------------ */

static volatile sig_atomic_t handled;

static void allocate_in_handler(int signal)
{
    (void)signal;
    void *block = malloc(77);
    block = realloc(block, 177);
    free(block);
    handled++;
}

static void measure_in_handler(int signal)
{
    (void)signal;
    check_all_exact();
    handled++;
}

static void handler_on_stack(size_t bytes, void (*handler)(int))
{
    unsigned char *guarded = stack_above_guard(bytes);
    stack_t stack = {.ss_sp = guarded, .ss_size = bytes}, old;
    CHECK(sigaltstack(&stack, &old) == 0);
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    tare_stats stats;
    handled = 0;
    tare_measure(&stats)
        raise(SIGUSR1);
    CHECK_EQUAL(handled, 1);
    /* A block on a stack above this one looks as if this one had been left. */
    CHECK_EQUAL(stats.inexact & ~(handler == measure_in_handler ? (uint32_t)TARE_INEXACT_ABANDONED : 0u), 0);
    if (handler == allocate_in_handler) {
        CHECK_EQUAL(stats.allocations, 1);
        CHECK_EQUAL(stats.reallocations, 1);
        CHECK_EQUAL(stats.deallocations, 1);
        CHECK_EQUAL(stats.bytes_allocated, 177);
    }
    CHECK(sigaltstack(&old, NULL) == 0);
}

static void *small_handlers(void *unused)
{
    size_t least = (size_t)sysconf(_SC_MINSIGSTKSZ), usual = (size_t)sysconf(_SC_SIGSTKSZ);
    handler_on_stack(least + LIMIT_BYTES, allocate_in_handler);
    handler_on_stack(usual, allocate_in_handler);
    handler_on_stack(usual, measure_in_handler);
    return unused;
}

/* ---- How deep ------------------------------------------------------------ */

static ucontext_t back, painted;
static void (*to_run)(void);
static void *kept;

static void run_and_return(void)
{
    to_run();
}

static size_t depth_of(void (*function)(void))
{
    static unsigned char *stack;
    if (stack == NULL)
        stack = stack_above_guard(PAINTED_BYTES);
    memset(stack, PAINT, PAINTED_BYTES);
    CHECK(getcontext(&painted) == 0);
    painted.uc_stack = (stack_t){.ss_sp = stack, .ss_size = PAINTED_BYTES};
    painted.uc_link = &back;
    to_run = function;
    makecontext(&painted, run_and_return, 0);
    CHECK(swapcontext(&back, &painted) == 0);
    size_t untouched = 0;
    while (untouched < PAINTED_BYTES && stack[untouched] == PAINT)
        untouched++;
    return PAINTED_BYTES - untouched;
}

static tare_scope *scope;
static void run_nothing(void) {}
static void run_malloc(void)
{
    kept = malloc(500);
}
static void run_realloc(void)
{
    kept = realloc(kept, 50000);
}
static void run_large_realloc(void)
{
    kept = realloc(kept, 5000000);
}
static void run_free(void)
{
    free(kept);
}
static void run_aligned(void)
{
    kept = aligned_alloc(64, 640);
}
static void run_open(void)
{
    scope = tare_open(.domain = TARE_PROCESS);
}
static void run_close(void)
{
    CHECK(tare_close(scope, NULL) == 0);
}

static void check_depth(const char *name, void (*function)(void), size_t nothing)
{
    size_t bytes = depth_of(function) - nothing;
    dprintf(1, "%-34s %5zu bytes of stack\n", name, bytes);
    if (bytes >= LIMIT_BYTES) {
        dprintf(2, "%s goes too deep\n", name);
        _exit(1);
    }
}

static void *check_depths(void *first_thread)
{
    size_t nothing = depth_of(run_nothing);
    check_depth(first_thread != NULL ? "malloc" : "first malloc of a thread", run_malloc, nothing);
    check_depth("free", run_free, nothing);
    check_depth("tare_open", run_open, nothing);
    check_depth("measured malloc", run_malloc, nothing);
    check_depth("measured realloc", run_realloc, nothing);
    check_depth("measured realloc, large", run_large_realloc, nothing);
    check_depth("measured free", run_free, nothing);
    check_depth("measured aligned_alloc", run_aligned, nothing);
    check_depth("measured free", run_free, nothing);
    check_depth("tare_close", run_close, nothing);
    return NULL;
}

int main(void)
{
    small_threads();
    small_handlers(NULL);
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, small_handlers, NULL) == 0 && pthread_join(thread, NULL) == 0);
    check_depths(&thread); /* here first, where the loader binds what is bound late */
    CHECK(pthread_create(&thread, NULL, check_depths, NULL) == 0 && pthread_join(thread, NULL) == 0);
    return 0;
}
