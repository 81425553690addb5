/* SPDX-License-Identifier: MIT */
/*
 * What listeners are tested on: every kind of call and scope, and on standard
 * output, once all is over, the events that must have been seen, in order, a line
 * each: name and arguments. With "idle" it does the same calls in no scope, and
 * nothing is to be seen.
 */
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>

#include <tare/allocator.h>
#include <tare/fault.h>
#include <tare/tare.h>

#include "check.h"

static char expected[16384];
static size_t expected_length;

__attribute__((format(printf, 1, 2))) static void expect(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    int length = vsnprintf(expected + expected_length, sizeof expected - expected_length, format, values);
    va_end(values);
    expected_length += (size_t)length;
    CHECK(expected_length < sizeof expected);
}

/* The scope that the calls are of; 0 for none. Ids begin at 1, in the order of opening. */
static unsigned long scope, scopes;
static bool held;

static void *made(void *block, size_t size)
{
    CHECK(block != NULL);
    CHECK_EQUAL(errno, 77);
    if (scope != 0)
        expect("tare:alloc %lu %zu %lu\n", (unsigned long)(uintptr_t)block, size, scope);
    if (held)
        expect("LockedAllocator:alloc_locked %lu %zu\n", (unsigned long)(uintptr_t)block, size);
    return block;
}

static void about_to_end(void *block, size_t size)
{
    if (scope != 0)
        expect("tare:free %lu %zu %lu\n", (unsigned long)(uintptr_t)block, size, scope);
    if (held)
        expect("LockedAllocator:dealloc_locked %lu %zu\n", (unsigned long)(uintptr_t)block, size);
}

static void end(void *block, size_t size)
{
    about_to_end(block, size);
    free(block);
    CHECK_EQUAL(errno, 77);
}

static void *resize(void *block, size_t old_size, size_t size)
{
    unsigned long old = (unsigned long)(uintptr_t)block;
    void *fresh = realloc(block, size);
    CHECK(fresh != NULL);
    CHECK_EQUAL(errno, 77);
    if (scope != 0)
        expect("tare:realloc %lu %lu %zu %zu %lu\n", old, (unsigned long)(uintptr_t)fresh, old_size, size, scope);
    if (held)
        expect("LockedAllocator:realloc_locked %lu %zu\n", (unsigned long)(uintptr_t)fresh, size);
    return fresh;
}

/* Each function of the family, small and large, and what is no event: a call that
 * fails, and free(NULL). */
static void every_call(void)
{
    errno = 77;
    void *aligned = NULL;
    void *blocks[] = {
        made(malloc(0), 0),
        made(malloc(100), 100),
        made(malloc(100000), 100000),
        made(calloc(3, 7), 21),
        made(realloc(NULL, 11), 11),
        made(reallocarray(NULL, 4, 9), 36),
        made(aligned_alloc(64, 128), 128),
        made(posix_memalign(&aligned, 256, 33) == 0 ? aligned : NULL, 33),
    };
    const size_t sizes[] = {0, 100, 100000, 21, 11, 36, 128, 33};
    CHECK(malloc(PTRDIFF_MAX) == NULL);
    free(NULL);
    errno = 77;
    blocks[1] = resize(blocks[1], 100, 300);
    blocks[1] = resize(blocks[1], 300, 200000);
    blocks[1] = resize(blocks[1], 200000, 50);
    about_to_end(blocks[3], 21);
    CHECK(realloc(blocks[3], 0) == NULL);
    errno = 77;
    for (int i = 0; i < 8; i++)
        if (i != 3)
            end(blocks[i], i == 1 ? 50 : sizes[i]);
}

static tare_scope *open_scope(tare_domain domain, const char *name, tare_sites sites)
{
    tare_scope *handle = tare_open_with(&(tare_options){.domain = domain, .name = name, .sites = sites});
    CHECK(handle != NULL);
    scope = ++scopes;
    expect("tare:scope_open %lu\n", scope);
    return handle;
}

static void close_scope(tare_scope *handle, unsigned long id, unsigned long around)
{
    tare_stats stats;
    CHECK_EQUAL(tare_close(handle, &stats), 0);
    CHECK_EQUAL(stats.inexact, 0);
    expect("tare:scope_close %lu %lu %lu %lu\n", id, (unsigned long)stats.allocations,
           (unsigned long)stats.bytes_allocated, (unsigned long)stats.peak_bytes);
    scope = around;
}

/* ---- Scopes of one thread -------------------------------------------------- */

static void scopes_of_a_thread(void)
{
    errno = 77;
    void *before = malloc(500);
    tare_scope *outer = open_scope(TARE_THREAD, "outer", TARE_SITES_OFF);
    every_call();
    errno = 77;
    void *block = made(malloc(64), 64);
    tare_scope *inner = open_scope(TARE_THREAD, NULL, TARE_SITES_ON);
    every_call();
    errno = 77;
    end(block, 64);
    end(before, 500); /* of neither */
    close_scope(inner, 2, 1);
    every_call();
    close_scope(outer, 1, 0);
}

/* ---- An exclusive one, and a thread that waits meanwhile ------------------- */

static pthread_barrier_t barrier;

static void *other_thread(void *unused)
{
    (void)unused;
    tare_scope *own = tare_open_with(&(tare_options){.name = "other"});
    CHECK(own != NULL);
    pthread_barrier_wait(&barrier); /* its scope is there */
    pthread_barrier_wait(&barrier); /* the gate is shut */
    void *block = malloc(4321);     /* waits */
    free(block);
    tare_stats stats;
    CHECK_EQUAL(tare_close(own, &stats), 0);
    CHECK_EQUAL(stats.allocations, 1);
    return block;
}

static void an_exclusive_scope(void)
{
    pthread_t thread;
    void *block;
    pthread_barrier_init(&barrier, NULL, 2);
    CHECK_EQUAL(pthread_create(&thread, NULL, other_thread, NULL), 0);
    pthread_barrier_wait(&barrier);
    expect("tare:scope_open %lu\n", ++scopes);
    tare_scope *exclusive = open_scope(TARE_EXCLUSIVE, "held", TARE_SITES_ON);
    held = true;
    pthread_barrier_wait(&barrier);
    every_call();
    tare_scope *inside = open_scope(TARE_THREAD, "inside", TARE_SITES_OFF);
    every_call();
    close_scope(inside, 5, 4);
    close_scope(exclusive, 4, 0);
    held = false;
    every_call(); /* in no scope */
    CHECK_EQUAL(pthread_join(thread, &block), 0);
    expect("tare:alloc %lu 4321 3\ntare:free %lu 4321 3\ntare:scope_close 3 1 4321 4321\n",
           (unsigned long)(uintptr_t)block, (unsigned long)(uintptr_t)block);
}

/* ---- One over several threads ----------------------------------------------- */

static void *helping_thread(void *unused)
{
    (void)unused;
    pthread_barrier_wait(&barrier);
    every_call();
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    return NULL;
}

static void a_scope_of_the_process(void)
{
    pthread_t thread;
    CHECK_EQUAL(pthread_create(&thread, NULL, helping_thread, NULL), 0);
    tare_scope *process = open_scope(TARE_PROCESS, "process", TARE_SITES_OFF);
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    every_call();
    close_scope(process, 6, 0);
    pthread_barrier_wait(&barrier);
    CHECK_EQUAL(pthread_join(thread, NULL), 0);
}

/* ---- An arena: each of its pieces ends for itself --------------------------- */

static void an_arena(void)
{
    static char arena[3000];
    tare_scope *outer = open_scope(TARE_THREAD, "arena", TARE_SITES_OFF);
    errno = 77;
    for (size_t i = 0; i < 3; i++) {
        tare_note_alloc(arena + 1000 * i, 100 + i);
        made(arena + 1000 * i, 100 + i);
    }
    about_to_end(arena + 1000, 101);
    tare_note_free(arena + 1000);
    about_to_end(arena + 2000, 102); /* handed out again without having ended */
    tare_note_alloc(arena + 2000, 7);
    made(arena + 2000, 7);
    about_to_end(arena, 100);
    about_to_end(arena + 2000, 7);
    tare_note_free_all(arena, sizeof arena);
    CHECK_EQUAL(errno, 77);
    close_scope(outer, 7, 0);
}

/* ---- Expectations ------------------------------------------------------------ */

static void say_nothing(const tare_failure *failure, void *context)
{
    (void)failure;
    (void)context;
}

static void an_expectation(void)
{
    tare_set_failure_handler(say_nothing, NULL, NULL, NULL);
    tare_stats stats = {.allocations = 1, .peak_bytes = 4097};
    tare_check(&stats, .name = "fits", .peak_bytes = tare_at_most(4096));
    expect("tare:expectation_failed %d 4097\n", __LINE__ - 1);
    tare_check(&stats, .name = "fits", .peak_bytes = tare_at_most(4097));
}

/* ---- A failure that is injected --------------------------------------------- */

static void a_fault(void)
{
    scope = ++scopes;
    expect("tare:scope_open %lu\n", scope);
    tare_fail_nth(2)
    {
        void *first = malloc(10);
        expect("tare:alloc %lu 10 %lu\n", (unsigned long)(uintptr_t)first, scope);
        CHECK(malloc(20) == NULL);
        expect("tare:fault_injected 20 2 %lu\n", scope);
        expect("tare:free %lu 10 %lu\n", (unsigned long)(uintptr_t)first, scope);
        free(first);
    }
    expect("tare:scope_close %lu 1 10 10\n", scope);
    scope = 0;
}

int main(int count, char **arguments)
{
    if (count > 1 && strcmp(arguments[1], "idle") == 0) {
        every_call();
        return 0;
    }
    scopes_of_a_thread();
    an_exclusive_scope();
    a_scope_of_the_process();
    an_arena();
    an_expectation();
    a_fault();
    CHECK_EQUAL(write(STDOUT_FILENO, expected, expected_length), expected_length);
    return 0;
}
