/* SPDX-License-Identifier: MIT */
/* Whose calls of a wrapped allocator a scope counts, who ends a piece, and what
 * threads past their end do. */
#include <pthread.h>
#include <stdlib.h>

#include "books.h"

static tare_allocator counted;

static void *make(size_t size)
{
    return counted.alloc(counted.context, size);
}

static void end(void *piece)
{
    counted.free(counted.context, piece);
}

static void in_thread(void *(*function)(void *), void *argument)
{
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, function, argument) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
}

static void *end_it(void *piece)
{
    end(piece);
    return NULL;
}

static void *make_one(void *place)
{
    *(void **)place = make(1000);
    return NULL;
}

static void check_counts(const tare_stats *stats, uint64_t allocations, uint64_t deallocations, uint64_t leaked_bytes)
{
    CHECK_EQUAL(stats->allocations, allocations);
    CHECK_EQUAL(stats->deallocations, deallocations);
    CHECK_EQUAL(stats->leaked_bytes, leaked_bytes);
    CHECK_EQUAL(stats->inexact, 0);
}

/* Another thread ends a piece of this one's scope: no call of the scope's, and no leak. */
static void ended_by_another(void)
{
    tare_stats stats, others;
    tare_measure(&others, .domain = TARE_PROCESS) {
        tare_measure(&stats) {
            void *piece = make(100), *kept = make(50);
            in_thread(end_it, piece);
            (void)kept;
        }
    }
    check_counts(&stats, 2, 0, 50);
    check_counts(&others, 2, 1, 50);
    CHECK_EQUAL(others.peak_bytes, 150);
}

/* A thread resizes, and another resizes it further. */
static void *resize_it(void *place)
{
    *(void **)place = counted.realloc(counted.context, *(void **)place, 400);
    return NULL;
}

static void resized_by_another(void)
{
    tare_stats stats;
    void *piece = NULL;
    tare_measure(&stats) {
        piece = make(100);
        in_thread(resize_it, &piece);
    }
    check_counts(&stats, 1, 0, 400);
    CHECK_EQUAL(stats.bytes_allocated, 100);
    CHECK_EQUAL(stats.reallocations, 0);
    end(piece);
}

/* Before, within and after. */
static void ended_at_another_time(void)
{
    tare_stats first, second;
    void *before = make(10), *within = NULL;
    tare_measure(&first) {
        end(before);
        within = make(20);
    }
    check_counts(&first, 1, 1, 20);
    CHECK_EQUAL(first.peak_bytes, 10);
    tare_scope *scope = tare_open();
    void *still = make(30);
    CHECK_EQUAL(tare_read(scope, &second), 0);
    check_counts(&second, 1, 0, 30);
    end(still);
    end(within);
    CHECK_EQUAL(tare_close(scope, &second), 0);
    check_counts(&second, 1, 2, 0);
}

static void family_and_process(void)
{
    for (int i = 0; i < 2; i++) {
        tare_stats stats;
        void *piece = NULL;
        tare_measure(&stats, .domain = i == 0 ? TARE_FAMILY : TARE_PROCESS) {
            in_thread(make_one, &piece);
            in_thread(resize_it, &piece);
            in_thread(end_it, piece);
            in_thread(make_one, &piece);
        }
        check_counts(&stats, 2, 1, 1000);
        CHECK_EQUAL(stats.reallocations, 1);
        CHECK_EQUAL(stats.bytes_reallocated, -600);
        CHECK_EQUAL(stats.peak_bytes, 1000);
        end(piece);
    }
}

static void tasks(void)
{
    tare_scope *task = tare_open(.domain = TARE_TASK), *other = tare_open(.domain = TARE_TASK);
    tare_stats stats;
    void *piece = NULL;
    tare_in_task(task) {
        piece = make(10);
    }
    end(make(5000));
    tare_in_task(other) {
        end(piece);
    }
    CHECK_EQUAL(tare_close(task, &stats), 0);
    check_counts(&stats, 1, 0, 0);
    CHECK_EQUAL(tare_close(other, &stats), 0);
    check_counts(&stats, 0, 1, 0);
}

/* Others wait in their next call while an exclusive scope is open. */
static int turns;

static void *take_turns(void *stop)
{
    while (!__atomic_load_n((int *)stop, __ATOMIC_RELAXED)) {
        end(make(3));
        __atomic_add_fetch(&turns, 1, __ATOMIC_RELAXED);
    }
    return NULL;
}

static void exclusive(void)
{
    int stop = 0;
    pthread_t thread;
    tare_stats stats;
    CHECK(pthread_create(&thread, NULL, take_turns, &stop) == 0);
    while (__atomic_load_n(&turns, __ATOMIC_RELAXED) < 100) {
    }
    tare_measure(&stats, .domain = TARE_EXCLUSIVE) {
        int before = __atomic_load_n(&turns, __ATOMIC_RELAXED);
        usleep(20000);
        CHECK(__atomic_load_n(&turns, __ATOMIC_RELAXED) - before <= 1);
        end(make(10));
    }
    check_counts(&stats, 1, 1, 0);
    int before = __atomic_load_n(&turns, __ATOMIC_RELAXED);
    while (__atomic_load_n(&turns, __ATOMIC_RELAXED) < before + 100) {
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    pthread_join(thread, NULL);
}

/* ---- Threads past their end ---------------------------------------------- */

static pthread_key_t key;

/* In the last round of destructors, after tare's own. */
struct last_words {
    int round;
    void *piece;
};

static void *allocate_inside(void *context, size_t size)
{
    free(malloc(77)); /* which must not count */
    return books_alloc(context, size);
}

static void destroy(void *argument)
{
    struct last_words *words = argument;
    if (++words->round < 4) {
        pthread_setspecific(key, words);
        return;
    }
    words->piece = counted.alloc(counted.context, 64);
    words->piece = counted.realloc(counted.context, words->piece, 128);
    tare_note_alloc(words, 9);
    tare_note_free(words);
    tare_uncounted() {
        free(malloc(1234));
    }
    free(malloc(5));
}

static void *set_key(void *words)
{
    free(malloc(1)); /* so that tare knows the thread, and its end */
    CHECK(pthread_setspecific(key, words) == 0);
    return NULL;
}

static void past_the_end(void)
{
    tare_stats stats;
    const tare_allocator noisy = {allocate_inside, books_realloc, books_free, &books};
    tare_allocator books_counted = counted;
    counted = tare_wrap(&noisy);
    CHECK(pthread_key_create(&key, destroy) == 0);
    tare_measure(&stats, .domain = TARE_PROCESS) {
        struct last_words words = {0};
        in_thread(set_key, &words);
        CHECK_EQUAL(words.round, 4);
        CHECK_EQUAL(tare_wrapped_size(&counted, words.piece), 128);
        end(words.piece);
    }
    check_counts(&stats, 4, 4, 0);
    CHECK_EQUAL(stats.bytes_allocated, 1 + 64 + 64 + 9 + 5);
    CHECK_EQUAL(stats.reallocations, 1);
    pthread_key_delete(key);
    counted = books_counted;
}

int main(void)
{
    counted = tare_wrap(&books_allocator);
    ended_by_another();
    resized_by_another();
    ended_at_another_time();
    family_and_process();
    tasks();
    exclusive();
    if (!CHECK_THREAD_SANITIZED) /* which is at its end before */
        past_the_end();
    return 0;
}
