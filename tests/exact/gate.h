/* SPDX-License-Identifier: MIT */
/* Threads beside an exclusive scope, and how to find out what they do. Nothing
 * here allocates, but for the hammer. */
#ifndef TEST_GATE_H
#define TEST_GATE_H

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <tare/tare.h>
#include <time.h>

#include "check.h"

enum {
    BOUND_MS = 10000,   /* against hanging; nothing that is right takes that long */
    NEVER_MS = 60000,   /* a watchdog that is not to bite */
    A_WHILE_MS = 40,    /* in which what must not happen would */
    LOOKS_IN_A_ROW = 4, /* that a thread is asleep at, before it counts as waiting */
};

static inline void sleep_ms(long ms)
{
    struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    while (nanosleep(&time, &time) != 0 && errno == EINTR) {
    }
}

/* Waits for the condition; the test has failed where it does not come true. */
#define WAIT_FOR(condition)                                                                                            \
    do {                                                                                                               \
        for (int waited_ms_ = 0; !(condition); waited_ms_++) {                                                         \
            CHECK(waited_ms_ < BOUND_MS && #condition);                                                                \
            sleep_ms(1);                                                                                               \
        }                                                                                                              \
    } while (0)

static inline bool is_asleep(pid_t id)
{
    char path[64], text[256];
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", (int)id);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    CHECK(file >= 0);
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    CHECK(length > 0);
    text[length] = '\0';
    const char *state = strrchr(text, ')');
    CHECK(state != NULL);
    return state[2] == 'S';
}

/* Until the thread, which has said that it is about to wait, does. */
static inline void wait_until_asleep(pid_t id)
{
    int in_a_row = 0;
    WAIT_FOR((in_a_row = is_asleep(id) ? in_a_row + 1 : 0) >= LOOKS_IN_A_ROW);
}

/* ---- A thread that allocates all the time -------------------------------- */

static atomic_bool stop;
static atomic_long calls;
static _Atomic pid_t hammer_id;

static inline void *hammer(void *unused)
{
    atomic_store(&hammer_id, gettid());
    while (!atomic_load(&stop)) {
        free(malloc(100));
        atomic_fetch_add(&calls, 1);
    }
    return unused;
}

static inline pthread_t start_hammer(void)
{
    pthread_t thread;
    atomic_store(&stop, false);
    long before = atomic_load(&calls);
    CHECK(pthread_create(&thread, NULL, hammer, NULL) == 0);
    WAIT_FOR(atomic_load(&calls) != before);
    return thread;
}

static inline void stop_hammer(pthread_t thread)
{
    atomic_store(&stop, true);
    pthread_join(thread, NULL);
}

/* It goes on soon, while this thread allocates too. */
static inline void wait_for_calls(void)
{
    long before = atomic_load(&calls);
    WAIT_FOR((free(malloc(3)), atomic_load(&calls) >= before + 10));
}

/* ---- What tare says ------------------------------------------------------ */

static int last_error;
static char last_message[16384];

static inline void remember(const tare_failure *failure, void *context)
{
    (void)context;
    last_error = failure->error;
    snprintf(last_message, sizeof last_message, "%s", failure->message);
}

static inline void check_counts(const tare_stats *stats, uint64_t allocations, uint64_t bytes)
{
    CHECK_EQUAL(stats->allocations, allocations);
    CHECK_EQUAL(stats->bytes_allocated, bytes);
    CHECK_EQUAL(stats->inexact, 0);
}

/* All of them, or the one whose number is given. */
static inline void run_parts(void (*const *parts)(void), size_t count, const char *only)
{
    for (size_t i = only != NULL ? strtoul(only, NULL, 10) : 0; i < count; i++) {
        dprintf(1, "part %d\n", (int)i);
        parts[i]();
        if (only != NULL)
            return;
    }
}

#endif
