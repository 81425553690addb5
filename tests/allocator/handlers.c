/* SPDX-License-Identifier: MIT */
/* A signal handler that uses a wrapped allocator and notes, at any moment of its
 * thread's own calls: nothing hangs, and what it may have missed is said. */
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>

#include "books.h"

enum { SECONDS = 1 };

/* An inner allocator that a handler may call in the middle of itself. */
static char memory[1 << 20];
static size_t used;

static void *bump_alloc(void *context, size_t size)
{
    (void)context;
    return memory + __atomic_fetch_add(&used, size, __ATOMIC_RELAXED) % (sizeof memory - 4096);
}

static tare_allocator counted;
static volatile sig_atomic_t signals;

static void handle(int number)
{
    (void)number;
    signals++;
    void *piece = counted.alloc(counted.context, 10);
    piece = counted.realloc(counted.context, piece, 20);
    counted.free(counted.context, piece);
    tare_note_alloc(memory, 1);
    tare_note_free(memory);
    tare_note_free_all(memory, 4096);
}

int main(void)
{
    const tare_allocator inner = {bump_alloc, NULL, NULL, NULL};
    counted = tare_wrap(&inner);
    struct itimerval every = {{0, 97}, {0, 97}};
    signal(SIGPROF, handle);
    alarm(SECONDS + 30);
    setitimer(ITIMER_PROF, &every, NULL);
    tare_stats stats;
    uint64_t rounds = 0, exact = 0;
    while (clock() < SECONDS * CLOCKS_PER_SEC) {
        sig_atomic_t before = signals;
        tare_measure(&stats) {
            for (int i = 0; i < 100; i++) {
                void *piece = counted.alloc(counted.context, 8);
                counted.free(counted.context, piece);
                tare_note_alloc(&stats, 8);
                tare_note_free(&stats);
            }
        }
        CHECK_EQUAL(stats.inexact & ~(uint32_t)(TARE_INEXACT_REENTERED | TARE_INEXACT_UNKNOWN_BLOCK), 0);
        if (stats.inexact == 0) {
            exact++;
            CHECK_EQUAL((stats.allocations - 200) % 2, 0); /* and whole handlers */
            CHECK(stats.allocations >= 200 && stats.leaked_allocations == 0);
        }
        if (before == signals)
            CHECK_EQUAL(stats.inexact, 0);
        rounds++;
    }
    every = (struct itimerval){0};
    setitimer(ITIMER_PROF, &every, NULL);
    dprintf(1, "%ju scopes, %ju exact, %d signals\n", (uintmax_t)rounds, (uintmax_t)exact, (int)signals);
    CHECK(signals > 100 && rounds > 100);
    tare_measure(&stats) {
        handle(0);
    }
    CHECK_EQUAL(stats.inexact, 0);
    CHECK_EQUAL(stats.allocations, 2);
    return 0;
}
