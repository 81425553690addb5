/* SPDX-License-Identifier: MIT */
#include "watchdog.h"

#include <errno.h>

#include "stack.h"

static struct tare__deadlock last;

static void name(struct tare__report_thread *thread, int id)
{
    thread->id = id;
    tare__os_thread_name(id, thread->name, sizeof thread->name);
}

void tare__watchdog_describe(struct tare__deadlock *deadlock, const struct tare__thread *owner, unsigned watchdog_ms,
                             uintptr_t frame)
{
    int saved_errno = errno;
    deadlock->watchdog_ms = watchdog_ms;
    name(&deadlock->waiter, tare__os_thread_id());
    deadlock->waiter.depth = tare__stack_walk(deadlock->waiter.frames, TARE__REPORT_FRAMES, frame);
    name(&deadlock->owner, owner->id);
    deadlock->owner.depth = tare__stack_walk_other(owner->id, deadlock->owner.frames, TARE__REPORT_FRAMES);
    errno = saved_errno;
}

void tare__watchdog_publish(const struct tare__deadlock *deadlock)
{
    last = *deadlock;
}

void tare__watchdog_last(struct tare__deadlock *copy)
{
    struct tare__thread *mine = tare__thread_mine();
    *copy = (struct tare__deadlock){.watchdog_ms = 0};
    if (mine == NULL)
        return;
    tare__lock_acquire(&tare__registry_lock);
    *copy = last;
    tare__lock_release(&tare__registry_lock);
    tare__thread_done(mine);
}
