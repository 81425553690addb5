/* SPDX-License-Identifier: MIT */
/* Who waited for whom, when threads waited too long for an exclusive scope. */
#ifndef TARE__WATCHDOG_H
#define TARE__WATCHDOG_H

#include <stdint.h>

#include "thread.h"

#define TARE__WATCHDOG_DEFAULT_MS 10000u
#define TARE__REPORT_FRAMES 16

struct tare__report_thread {
    int id;
    char name[16];
    uint32_t depth; /* 0 where its stack can't be had */
    uintptr_t frames[TARE__REPORT_FRAMES];
};

struct tare__deadlock {
    unsigned watchdog_ms;
    struct tare__report_thread waiter;
    struct tare__report_thread owner;
};

/* Describes who waits, the calling thread in a call of this frame, and who is
 * waited for. Without the lock, one thread at a time; the guard is set. */
void tare__watchdog_describe(struct tare__deadlock *deadlock, const struct tare__thread *owner, unsigned watchdog_ms,
                             uintptr_t frame);

/* Keeps it as the latest, under the lock, and copies that, without it. */
void tare__watchdog_publish(const struct tare__deadlock *deadlock);
void tare__watchdog_last(struct tare__deadlock *copy);

#endif
