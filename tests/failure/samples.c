/* SPDX-License-Identifier: MIT */
/* Expectations that fail, a case for each argument. The messages go to standard output, and are
 * compared whole with golden/<case>.txt. */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <tare/tare.h>

#include "check.h"

#define NOINLINE __attribute__((noinline))
#define INLINED static inline __attribute__((always_inline))

static int failures;
static char snapshot_path[512];
static void *kept[64];
static int kept_count;

static void print(const tare_failure *failure, void *context)
{
    (void)context;
    failures++;
    snprintf(snapshot_path, sizeof snapshot_path, "%s", failure->snapshot_path != NULL ? failure->snapshot_path : "");
    CHECK(write(STDOUT_FILENO, failure->message, strlen(failure->message)) == (ssize_t)strlen(failure->message));
}

static void keep(void *block)
{
    CHECK(block != NULL && kept_count < 64);
    kept[kept_count++] = block;
}

static void free_kept(void)
{
    while (kept_count > 0)
        free(kept[--kept_count]);
}

/* ---- One scope ------------------------------------------------------------ */

INLINED void *duplicate(const void *from, size_t size)
{
    void *copy = malloc(size);
    return copy != NULL ? memcpy(copy, from, size) : NULL;
}

static NOINLINE void parse_value(int values)
{
    for (int i = 0; i < values; i++)
        free(malloc(400));
}

static NOINLINE void parse_key(void)
{
    keep(duplicate("a key of a file", 16));
    keep(duplicate("another one", 12));
}

static NOINLINE void parse(void)
{
    parse_value(3);
    parse_key();
    kept[0] = realloc(kept[0], 24);
}

/* On one line, so that compilers agree which that is. */
#define SEVEN_WRONG                                                                                                    \
    .allocations = tare_at_most(3), .reallocations = tare_none, .bytes_allocated = tare_at_least(9999),                \
    .bytes_reallocated = tare_none, .peak_bytes = tare_at_most(100), .leaked_allocations = tare_none,                  \
    .leaked_bytes = tare_none, .failed_allocations = tare_none

/* Each metric once, whatever needs it. */
static void everything(void)
{
    tare_expect(SEVEN_WRONG, .name = "parse")
        parse();
}

static void none_permitted(void)
{
    tare_expect_no_allocations() {
        parse_key();
        parse_value(2);
    }
    tare_expect_no_allocations()
        parse_value(1);
    void *block = malloc(3);
    tare_expect_no_allocations()
        block = realloc(block, 5);
    free(block);
}

static void many_sites(void)
{
    tare_expect(.bytes_allocated = tare_at_most(77)) {
        free(malloc(12));
        free(malloc(11));
        free(malloc(10));
        free(malloc(9));
        free(malloc(8));
        free(malloc(7));
        free(malloc(6));
        free(malloc(5));
        free(malloc(4));
        free(malloc(3));
        free(malloc(2));
        free(malloc(1));
    }
}

/* What comes after it keeps the compiler from making a loop of it. */
static NOINLINE void recurse(int depth)
{
    if (depth == 0)
        keep(malloc(1000));
    else
        recurse(depth - 1);
    __asm__ volatile("" ::: "memory");
}

static void recursion(void)
{
    tare_expect(.leaked_bytes = tare_none)
        recurse(10000);
}

/* Nothing of what was measured says where from. */
static void figures_alone(void)
{
    tare_expect(.deallocations = tare_at_most(1), .failed_allocations = tare_exactly(1))
        parse_value(2);
    tare_expect(.allocations = tare_none, .sites = TARE_SITES_OFF)
        parse_value(2);
    const tare_stats stats = {.allocations = 2};
    tare_check(&stats, .allocations = tare_none, .name = "figures one has");
}

/* ---- What is around -------------------------------------------------------- */

/* Inner scopes fail, by whatever way the handler leaves; those around count what
 * the program does and nothing else. */
static void nested(void)
{
    tare_stats stats, all;
    tare_scope *process = tare_open(.domain = TARE_PROCESS);
    tare_measure(&stats) {
        tare_expect(.leaked_bytes = tare_none, .name = "inner")
            keep(malloc(70));
        tare_expect(.allocations = tare_none, .name = "inner again")
            free(malloc(30));
        free(malloc(5));
    }
    CHECK(tare_close(process, &all) == 0);
    CHECK(stats.inexact == 0 && all.inexact == 0);
    CHECK_EQUAL(stats.allocations, 3);
    CHECK_EQUAL(stats.deallocations, 2);
    CHECK_EQUAL(stats.bytes_allocated, 105);
    CHECK_EQUAL(stats.peak_bytes, 100);
    CHECK_EQUAL(stats.leaked_bytes, 70);
    CHECK_EQUAL(stats.failed_allocations, 0);
    CHECK(tare_stats_equal(&stats, &all));
    tare_expect(.allocations = tare_at_most(2), .name = "outer") {
        tare_expect(.allocations = tare_none, .name = "inner of outer")
            parse_value(1);
        parse_key();
    }
}

static jmp_buf out;

static void jump(const tare_failure *failure, void *context)
{
    print(failure, context);
    longjmp(out, 1);
}

static void jump_silently(const tare_failure *failure, void *context)
{
    (void)context;
    CHECK_CONTAINS(failure->message, "first allocation:");
    longjmp(out, 1);
}

static int mappings(void)
{
    char text[4096];
    int count = 0, file = open("/proc/self/maps", O_RDONLY);
    for (ssize_t got; (got = read(file, text, sizeof text)) > 0;)
        for (ssize_t i = 0; i < got; i++)
            count += text[i] == '\n';
    close(file);
    return count;
}

/* As test frameworks do. What the message was in is had back. */
static void jumps(void)
{
    enum { ROUNDS = 20 };
    volatile int before = 0;
    CHECK(setenv("TARE_SAVE_DIR", "", 1) == 0);
    for (volatile int i = 0; i < ROUNDS; i++) {
        tare_set_failure_handler(i == 0 ? jump : jump_silently, NULL, NULL, NULL);
        if (setjmp(out) == 0)
            tare_expect(.allocations = tare_none)
                free(malloc(40));
        if (i == ROUNDS / 2)
            before = mappings();
    }
    CHECK(mappings() < before + ROUNDS / 4); /* malloc may have taken more, too */
    tare_stats stats;
    tare_measure(&stats)
        free(malloc(1));
    CHECK(stats.inexact == 0 && stats.allocations == 1 && stats.deallocations == 1);
}

static NOINLINE void work(void)
{
    keep(malloc(64));
}

static void *run_thread(void *failing)
{
    if (failing == NULL) {
        work();
        return NULL;
    }
    tare_expect(.leaked_allocations = tare_none, .name = "in a small thread")
        work();
    return NULL;
}

static void in_thread(void *failing)
{
    pthread_t thread;
    pthread_attr_t attributes;
    CHECK(pthread_attr_init(&attributes) == 0);
    CHECK(pthread_attr_setstacksize(&attributes, 32768) == 0);
    CHECK(pthread_create(&thread, &attributes, run_thread, failing) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
}

static void threads(void)
{
    tare_expect(.domain = TARE_PROCESS, .leaked_bytes = tare_none, .name = "the process")
        in_thread(NULL);
    tare_expect(.domain = TARE_FAMILY, .leaked_bytes = tare_none, .name = "a family")
        in_thread(NULL);
    tare_expect(.domain = TARE_EXCLUSIVE, .leaked_bytes = tare_none, .name = "one alone")
        work();
    in_thread(&failures);
}

/* Explained at the same time, and counted in nobody's scope. */
static void count_leak(const tare_failure *failure, void *context)
{
    CHECK_CONTAINS(failure->message, "! leaked_bytes        exactly 0                     9\n");
    CHECK_CONTAINS(failure->message, "fail_often at ");
    __atomic_add_fetch((int *)context, 1, __ATOMIC_RELAXED);
}

static void *fail_often(void *rounds)
{
    for (int i = 0; i < *(const int *)rounds; i++) {
        tare_stats stats;
        void *volatile block;
        tare_measure(&stats)
            tare_expect(.leaked_bytes = tare_none)
                block = malloc(9);
        CHECK(stats.inexact == 0 && stats.allocations == 1);
        free(block);
    }
    return NULL;
}

static void at_once(void)
{
    enum { THREADS = 4 };
    int rounds = 3, told = 0;
    pthread_t threads[THREADS];
    tare_stats stats;
    tare_set_failure_handler(count_leak, &told, NULL, NULL);
    tare_measure(&stats, .domain = TARE_PROCESS) {
        for (int i = 0; i < THREADS; i++)
            CHECK(pthread_create(&threads[i], NULL, fail_often, &rounds) == 0);
        for (int i = 0; i < THREADS; i++)
            CHECK(pthread_join(threads[i], NULL) == 0);
    }
    CHECK_EQUAL(told, THREADS * rounds);
    CHECK_EQUAL(stats.inexact, 0);
    CHECK_EQUAL(stats.allocations, THREADS * rounds);
    CHECK_EQUAL(stats.deallocations, THREADS * rounds);
}

static void forks(void)
{
    tare_stats stats;
    pid_t child = fork();
    if (child == 0) {
        tare_measure(&stats)
            tare_expect(.leaked_bytes = tare_none, .name = "in a child")
                work();
        CHECK(stats.inexact == 0 && stats.allocations == 1);
        _exit(failures == 1 ? 0 : 1);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK_EQUAL(status, 0);
}

/* ---- Leaks ---------------------------------------------------------------- */

static NOINLINE void known_leak(void)
{
    keep(malloc(100));
}

static NOINLINE void new_leak(void)
{
    keep(malloc(7));
}

#ifdef DEFAULT_SUPPRESSIONS
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "# known\nleak:known_leak\n";
}
#endif

/* The buffer of a stream is stdio's. */
static void pools(void)
{
    tare_expect(.leaked_bytes = tare_none, .name = "with stdio") {
        CHECK(getchar() == EOF);
        new_leak();
    }
}

static void no_bytes(void)
{
    tare_expect(.leaked_allocations = tare_none) {
        keep(malloc(0));
        new_leak();
    }
}

static void suppressions(void)
{
    tare_expect(.leaked_bytes = tare_none, .leaked_allocations = tare_none, .name = "known alone")
        known_leak();
    CHECK_EQUAL(failures, getenv("KNOWN_FAILS") != NULL);
    tare_expect(.leaked_bytes = tare_none, .leaked_allocations = tare_at_most(2), .name = "a new one") {
        known_leak();
        new_leak();
    }
    tare_expect(.leaked_bytes = tare_none, .allocations = tare_none, .name = "and others") {
        known_leak();
        free(malloc(1));
    }
}

/* ---- Where it is saved ------------------------------------------------------ */

static void saves(void)
{
    for (int i = 0; i < 12; i++) {
        tare_expect(.allocations = tare_none)
            free(malloc(40));
        CHECK((snapshot_path[0] != '\0') == (i < 10 && getenv("NONE_KEPT") == NULL));
    }
}

static const struct {
    const char *name;
    void (*run)(void);
} cases[] = {
    {"everything", everything},
    {"none_permitted", none_permitted},
    {"many_sites", many_sites},
    {"recursion", recursion},
    {"figures_alone", figures_alone},
    {"nested", nested},
    {"jumps", jumps},
    {"threads", threads},
    {"forks", forks},
    {"pools", pools},
    {"suppressions", suppressions},
    {"saves", saves},
    {"no_bytes", no_bytes},
    {"at_once", at_once},
};

int main(int count, char **arguments)
{
    tare_set_failure_handler(print, NULL, NULL, NULL);
    for (size_t i = 0; count == 2 && i < sizeof cases / sizeof *cases; i++)
        if (strcmp(cases[i].name, arguments[1]) == 0) {
            cases[i].run();
            free_kept();
            return 0;
        }
    dprintf(2, "usage: samples CASE\n");
    return 2;
}
