/* SPDX-License-Identifier: MIT */
/* A lock of 4 bytes on a futex; 0 is free, 1 held, 2 held with waiters
 * (U. Drepper, "Futexes Are Tricky", mutex 2). Whoever takes it has told its
 * thread's guard first, so that a signal handler which allocates meanwhile
 * passes by instead of waiting for itself. */
#ifndef TARE__LOCK_H
#define TARE__LOCK_H

#include "os.h"

typedef struct tare__lock {
    uint32_t word;
} tare__lock;

static inline void tare__lock_acquire(tare__lock *lock)
{
    uint32_t seen = 0;
    if (__atomic_compare_exchange_n(&lock->word, &seen, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return;
    while (__atomic_exchange_n(&lock->word, 2, __ATOMIC_ACQUIRE) != 0)
        tare__os_futex_wait(&lock->word, 2);
}

static inline void tare__lock_release(tare__lock *lock)
{
    if (__atomic_exchange_n(&lock->word, 0, __ATOMIC_RELEASE) == 2)
        tare__os_futex_wake(&lock->word, 1);
}

#endif
