/* SPDX-License-Identifier: MIT */
/*
 * When is no other thread in a call any more? A call on the short ways leaves no
 * trace until it is over: two stores for each would cost it a tenth. But a thread
 * that sleeps is in no call, except where it waits for an allocator's lock, whose
 * holder then runs; and one that has run for longer than any call takes has come
 * to its next, which waits, or does something else. So the threads that run when
 * the gate has been shut are watched until they sleep or have run that long; and
 * once more where one went to sleep, for it may have held such a lock.
 */
#include "gate.h"

enum {
    WATCHED_MAX = 256,
    PASSES_MAX = 4,
    CALL_NS = 200000,        /* of the thread's own time: longer than any usual call */
    PATIENCE_NS = 1000000000 /* of everybody's: a busy machine lets a thread stand for long */
};

struct watched {
    int id;
    bool done;
    uint64_t cpu_ns; /* when it was first seen */
};

static struct {
    struct watched threads[WATCHED_MAX];
    unsigned count;
    int mine;
} watch; /* the gate's owner's */

static bool is_watched(int id)
{
    for (unsigned i = 0; i < watch.count; i++)
        if (watch.threads[i].id == id)
            return true;
    return false;
}

static void note(int id, void *unused)
{
    (void)unused;
    if (id != watch.mine && watch.count < WATCHED_MAX && !is_watched(id) && tare__os_thread_runs(id))
        watch.threads[watch.count++] = (struct watched){id, false, tare__os_thread_cpu_ns(id)};
}

/* True where some thread is in doubt. *slept is set when one has gone to sleep. */
static bool look(bool *slept)
{
    bool doubt = false;
    for (unsigned i = 0; i < watch.count; i++) {
        struct watched *thread = &watch.threads[i];
        if (thread->done)
            continue;
        bool runs = tare__os_thread_runs(thread->id);
        thread->done = !runs || tare__os_thread_cpu_ns(thread->id) - thread->cpu_ns > CALL_NS;
        *slept |= !runs;
        doubt |= !thread->done;
    }
    return doubt;
}

void tare__gate_settle(void)
{
    if (tare__os_single_threaded())
        return;
    uint64_t deadline_ns = tare__os_clock_ns() + PATIENCE_NS;
    watch.count = 0;
    watch.mine = tare__os_thread_id();
    bool again = true;
    for (int pass = 0; again && pass < PASSES_MAX; pass++) {
        bool slept = false;
        unsigned before = watch.count;
        if (!tare__os_thread_ids(note, NULL)) {
            tare__os_pause(); /* no /proc: what runs will have come out of its call by then */
            return;
        }
        while (look(&slept)) {
            if (tare__os_clock_ns() >= deadline_ns)
                return;
            tare__os_yield();
        }
        again = slept && watch.count > before;
    }
}
