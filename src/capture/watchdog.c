/* SPDX-License-Identifier: MIT */
#include "watchdog.h"

#include <errno.h>

#include "stack.h"

static struct tare__deadlock last;
static uint32_t reporting; /* one at a time: the first tells of it */

static void describe(struct tare__report_thread *thread, int id)
{
    thread->id = id;
    tare__os_thread_name(id, thread->name, sizeof thread->name);
}

void tare__watchdog_report(const struct tare__thread *owner, unsigned watchdog_ms, uintptr_t frame)
{
    if (__atomic_exchange_n(&reporting, 1, __ATOMIC_ACQUIRE) != 0)
        return;
    int saved_errno = errno;
    last.watchdog_ms = watchdog_ms;
    describe(&last.waiter, tare__os_thread_id());
    last.waiter.depth = tare__stack_walk(last.waiter.frames, TARE__REPORT_FRAMES, frame);
    describe(&last.owner, owner->id);
    last.owner.depth = tare__stack_walk_other(owner->id, last.owner.frames, TARE__REPORT_FRAMES);
    errno = saved_errno;
    __atomic_store_n(&reporting, 0, __ATOMIC_RELEASE);
}

void tare__watchdog_last(struct tare__deadlock *copy)
{
    *copy = last;
}
