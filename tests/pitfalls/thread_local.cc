/* SPDX-License-Identifier: MIT */
/* Pitfall 19: C++ thread_local objects: registering their destructors
 * allocates, and the destructors run while the thread ends. */
#include <cstdlib>
#include <pthread.h>
#include <tare/tare.h>

#include "check.h"

#ifdef __GLIBC__
enum { THREADS = 3, OF_EACH = 6 };
#else
enum { THREADS = 3, OF_EACH = 4 };
#endif

struct owner {
    char *block = new char[50];
    owner() = default;
    owner(const owner &) = delete;
    owner &operator=(const owner &) = delete;
    ~owner()
    {
        delete[] block;
        void *last = std::malloc(60);
        std::free(last);
    }
};

static thread_local owner first;
static thread_local owner second;

static void *use(void *both)
{
    first.block[0] = 'x';
    if (both != nullptr)
        second.block[0] = 'y';
    return nullptr;
}

static tare_stats end_threads(void *both)
{
    tare_stats stats;
    tare_measure(&stats, "threads", TARE_PROCESS) {
        for (int i = 0; i < THREADS; i++) {
            pthread_t id;
            CHECK_EQUAL(pthread_create(&id, nullptr, use, both), 0);
            CHECK_EQUAL(pthread_join(id, nullptr), 0);
        }
    }
    return stats;
}

int main()
{
    static char yes;
    end_threads(&yes); /* the stack is there from now on */
    const tare_stats stats = end_threads(&yes);
    CHECK_EQUAL(stats.inexact, 0);
    CHECK_EQUAL(stats.deallocations, stats.allocations);
    CHECK_EQUAL(stats.bytes_deallocated, stats.bytes_allocated);
    CHECK_EQUAL(stats.leaked_allocations, 0);
    /* Two blocks each for both objects (one is initialized with the other), and
     * what libc keeps to call each destructor. */
    CHECK_EQUAL(stats.allocations % THREADS, 0);
    const uint64_t of_each = stats.allocations / THREADS;
    CHECK_EQUAL(of_each, OF_EACH);
    CHECK(stats.bytes_allocated >= THREADS * 2 * (50 + 60));
    return 0;
}
