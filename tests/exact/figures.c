/* SPDX-License-Identifier: MIT */
/* The table of figures that everything else stands on: in every domain, and then 200 times in the thread domain while
 * another thread allocates in a tight loop. */
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <tare/tare.h>

#include "check.h"

static tare_domain domain = TARE_THREAD;

/* FIGURES((expected...), { block }) runs the block and compares every
 * statistic; those not named are 0. */
#define UNPACK(...) __VA_ARGS__
#define FIGURES(expected, ...)                                                                                         \
    do {                                                                                                               \
        tare_stats actual_, expected_ = {.inexact = 0, UNPACK expected};                                               \
        tare_measure(&actual_, .domain = domain)                                                                       \
            __VA_ARGS__                                                                                                \
        compare(&actual_, &expected_, __LINE__);                                                                       \
    } while (0)

static void compare(const tare_stats *actual, const tare_stats *expected, int line)
{
    if (tare_stats_equal(actual, expected))
        return;
    char text[2][1024];
    tare_stats_format(actual, text[0], sizeof text[0]);
    tare_stats_format(expected, text[1], sizeof text[1]);
    dprintf(2, "line %d: measured\n%sexpected\n%s", line, text[0], text[1]);
    _exit(1);
}

static char *copy_of(const char *text, size_t size)
{
    char *copy = malloc(size);
    memcpy(copy, text, size);
    return copy;
}

static void three_strings(void)
{
    FIGURES((.allocations = 3, .deallocations = 3, .bytes_allocated = 13, .bytes_deallocated = 13, .peak_bytes = 13), {
        char *first = CHECK_SANITIZED ? copy_of("whoa", 5) : strdup("whoa"), *second = copy_of("wow", 4),
             *third = copy_of(second, 4);
        free(first);
        free(second);
        free(third);
    });
}

static void reallocations(void)
{
    FIGURES((.allocations = 1, .deallocations = 1, .reallocations = 1, .bytes_allocated = 40, .bytes_deallocated = 40,
             .bytes_reallocated = 20, .peak_bytes = 40),
            {
                void *block = malloc(20);
                free(realloc(block, 40));
            });
    FIGURES((.allocations = 1, .deallocations = 1, .reallocations = 1, .bytes_allocated = 300, .bytes_deallocated = 300,
             .bytes_reallocated = 200, .peak_bytes = 300),
            {
                void *block = malloc(100);
                free(realloc(block, 300));
            });
    FIGURES((.allocations = 1, .deallocations = 1, .reallocations = 1, .bytes_allocated = 300, .bytes_deallocated = 300,
             .bytes_reallocated = -200, .peak_bytes = 300),
            {
                void *block = malloc(300);
                free(realloc(block, 100));
            });
    FIGURES((.allocations = 1, .deallocations = 1, .reallocations = 3, .bytes_allocated = 400, .bytes_deallocated = 400,
             .bytes_reallocated = -50, .peak_bytes = 400),
            {
                void *block = malloc(100);
                block = realloc(block, 200);
                block = realloc(block, 400);
                free(realloc(block, 50));
            });
    FIGURES((.allocations = 1, .deallocations = 1, .reallocations = 3, .bytes_allocated = 50, .bytes_deallocated = 50,
             .bytes_reallocated = 20, .peak_bytes = 50),
            {
                void *block = reallocarray(NULL, 3, 10);
                block = reallocarray(block, 5, 10);
                free(realloc(realloc(block, 50), 50));
            });
    FIGURES((.allocations = 1, .deallocations = 1, .bytes_allocated = 7, .bytes_deallocated = 7, .peak_bytes = 7), {
        void *block = malloc(7);
        block = realloc(block, 0); /* glibc frees */
        CHECK(block == NULL);
    });
}

static void before_and_after(void)
{
    void *old = malloc(1000), *resized = malloc(500), *kept = NULL, *kept_too = NULL;
    FIGURES((.deallocations = 1, .bytes_deallocated = 1000), { free(old); });
    FIGURES((.allocations = 1, .bytes_allocated = 60, .peak_bytes = 60, .leaked_allocations = 1, .leaked_bytes = 60),
            { kept = malloc(60); });
    FIGURES((.allocations = 1, .deallocations = 1, .bytes_allocated = 10, .bytes_deallocated = 60,
             .leaked_allocations = 1, .leaked_bytes = 10),
            {
                free(kept); /* born before: what is born here and kept still leaks */
                kept_too = malloc(10);
            });
    FIGURES((.reallocations = 1, .bytes_allocated = 100, .bytes_reallocated = 100, .peak_bytes = 100),
            { resized = realloc(resized, 600); });
    FIGURES((.allocations = 1, .reallocations = 1, .bytes_allocated = 70, .bytes_reallocated = 60, .peak_bytes = 70,
             .leaked_allocations = 1, .leaked_bytes = 70),
            {
                void *grown = realloc(malloc(10), 70);
                kept = grown;
            });
    free(kept);
    free(kept_too);
    free(resized);
}

static void alignment(void)
{
    void *block = NULL;
    if (!CHECK_SANITIZED) /* which holds to the letter of C11: multiples of the alignment */
        FIGURES(
            (.allocations = 1, .deallocations = 1, .bytes_allocated = 10, .bytes_deallocated = 10, .peak_bytes = 10),
            { free(aligned_alloc(4096, 10)); });
    FIGURES((.allocations = 1, .deallocations = 1, .bytes_allocated = 10, .bytes_deallocated = 10, .peak_bytes = 10),
            { free(memalign(64, 10)); });
    FIGURES((.allocations = 1, .deallocations = 1, .bytes_allocated = 10, .bytes_deallocated = 10, .peak_bytes = 10),
            { free(valloc(10)); });
    FIGURES((.allocations = 1, .deallocations = 1, .bytes_allocated = 10, .bytes_deallocated = 10, .peak_bytes = 10),
            { free(pvalloc(10)); });
    FIGURES((.allocations = 1, .deallocations = 1, .bytes_allocated = 10, .bytes_deallocated = 10, .peak_bytes = 10), {
        CHECK(posix_memalign(&block, 256, 10) == 0);
        free(block);
    });
}

static long resident_pages(void)
{
    long total = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    CHECK(file != NULL && fscanf(file, "%ld %ld", &total, &resident) == 2);
    fclose(file);
    return resident;
}

static void edges(void)
{
    void *volatile block;
    FIGURES((.allocations = 1, .deallocations = 1), { free(malloc(0)); });
    FIGURES((.allocations = 0), { free(NULL); });
    FIGURES((.failed_allocations = 2), {
        block = malloc(SIZE_MAX / 2);
        CHECK(block == NULL);
        volatile size_t many = SIZE_MAX / 2;
        block = calloc(many, 3);
        CHECK(block == NULL);
    });
    FIGURES((.allocations = 1, .deallocations = 1, .bytes_allocated = 33, .bytes_deallocated = 33, .peak_bytes = 33,
             .failed_allocations = 1),
            {
                block = malloc(33);
                CHECK(realloc(block, SIZE_MAX / 2) == NULL);
                free(block);
            });
    if (CHECK_SANITIZED) /* which keeps books of every byte */
        return;
    long before = resident_pages();
    const uint64_t large = 256u << 20;
    FIGURES((.allocations = 1, .bytes_allocated = large, .peak_bytes = large, .leaked_allocations = 1,
             .leaked_bytes = large),
            { block = calloc(large, 1); });
    CHECK(CHECK_EMULATED || resident_pages() - before < 256); /* 1 MiB of the 256 */
    free(block);
    const uint64_t huge = (uint64_t)5 << 30; /* more than 32 bits can say */
    FIGURES(
        (.allocations = 1, .deallocations = 1, .bytes_allocated = huge, .bytes_deallocated = huge, .peak_bytes = huge),
        {
            block = malloc(huge);
            free(block);
        });
}

static void peaks(void)
{
    void *old = malloc(1000);
    FIGURES((.allocations = 1, .deallocations = 2, .bytes_allocated = 400, .bytes_deallocated = 1400), {
        free(old); /* the net is -1000 now, and stays below 0 */
        void *block = malloc(400);
        free(block);
    });
    FIGURES((.allocations = 102, .deallocations = 102, .bytes_allocated = 5151, .bytes_deallocated = 5151,
             .peak_bytes = 101),
            {
                for (size_t size = 1; size <= 100; size++)
                    free(malloc(size));
                void *a = malloc(70);
                void *b = malloc(31);
                free(a);
                free(b);
            });
}

static atomic_bool stop;
static atomic_long rounds;

static void *allocate_all_the_time(void *unused)
{
    while (!atomic_load(&stop)) {
        free(realloc(malloc(1234), 4321));
        atomic_fetch_add(&rounds, 1);
    }
    return unused;
}

static void all(void)
{
    three_strings();
    reallocations();
    before_and_after();
    alignment();
    edges();
    peaks();
}

int main(void)
{
    for (domain = TARE_THREAD; domain <= TARE_TASK; domain++)
        all();
    domain = TARE_THREAD;
    pthread_t other;
    CHECK(pthread_create(&other, NULL, allocate_all_the_time, NULL) == 0);
    while (atomic_load(&rounds) == 0)
        sched_yield();
    for (int i = 0; i < CHECK_ROUNDS(200); i++)
        all();
    for (int i = 0; i < 20; i++)
        for (domain = TARE_THREAD; domain <= TARE_TASK; domain++)
            if (domain != TARE_PROCESS)
                all();
    atomic_store(&stop, true);
    pthread_join(other, NULL);
    return 0;
}
