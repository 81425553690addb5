/* SPDX-License-Identifier: MIT */
/* Copies of counters that another thread goes on writing. */
#include "thread.h"

static void collect(const struct tare__counters *counters, const struct tare__foreign *foreign,
                    struct tare__counted *counted)
{
#define COLLECT(name) counted->counters.name = TARE__LOAD(counters->name);
    TARE__COUNTERS(COLLECT)
#undef COLLECT
    counted->foreign.blocks = TARE__LOAD(foreign->blocks);
    counted->foreign.bytes = TARE__LOAD(foreign->bytes);
}

static bool same(const struct tare__counted *a, const struct tare__counted *b)
{
    bool same = a->foreign.blocks == b->foreign.blocks && a->foreign.bytes == b->foreign.bytes;
#define COMPARE(name) same &= a->counters.name == b->counters.name;
    TARE__COUNTERS(COMPARE)
#undef COMPARE
    return same;
}

/* Each call raises a counter, so what reads the same twice stood like that in
 * between; and in between nobody was recording. */
bool tare__counters_copy(const struct tare__counters *counters, const struct tare__foreign *foreign,
                         struct tare__counted *counted)
{
    enum { SPINS = 1000, TRIES = SPINS + 2000 }; /* the other may lose its processor in mid-call: wait 2 s for it */
    for (int i = 0; i < TRIES; i++) {
        struct tare__counted again;
        collect(counters, foreign, counted);
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        bool recording = __atomic_load_n(&counters->recording, __ATOMIC_ACQUIRE) != 0;
        collect(counters, foreign, &again);
        if (!recording && same(counted, &again))
            return true;
        if (i > SPINS)
            tare__os_pause();
    }
    return false;
}
