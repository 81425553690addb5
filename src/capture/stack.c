/* SPDX-License-Identifier: MIT */
#include "stack.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "os.h"
#include "unwinder.h"

uint32_t tare__stack_walk(uintptr_t *addresses, uint32_t max, uintptr_t above)
{
    struct tare__unwind walk = tare__unwind_here((struct tare__unwind_stack){0, 0});
    struct tare__unwind_result result = tare__unwind_walk(&walk, addresses, max, above);
    if (result.end == TARE__UNWIND_NOT_TAKEN)
        result = tare__unwind_slowly(addresses, max, above);
    return result.depth;
}

/* ---- Another thread's ---------------------------------------------------- */

#define ANSWER_NS 200000000u /* how long the other may take */

static struct {
    uintptr_t *addresses;
    uint32_t max;
    uint32_t count;
    uint32_t answered; /* a futex */
} asked;

/* On the thread that was asked. What began above the kernel's frame was
 * interrupted; the last frame below is the trampoline back into the kernel. */
static void answer(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)info;
    if (__atomic_load_n(&asked.answered, __ATOMIC_ACQUIRE) != 0)
        return; /* too late: nobody waits any more */
    asked.count = tare__stack_walk(asked.addresses, asked.max, (uintptr_t)context + 1);
    __atomic_store_n(&asked.answered, 1, __ATOMIC_RELEASE);
    tare__os_futex_wake(&asked.answered, 1);
}

/* A real-time signal that the program has no handler for and the thread does not
 * block: blocked, it would come later, when it means the program's end. */
static int free_signal(int thread_id, struct sigaction *old)
{
    uint64_t blocked;
    if (!tare__os_thread_blocked_signals(thread_id, &blocked))
        return 0;
    for (int number = SIGRTMAX; number >= SIGRTMIN; number--)
        if ((blocked >> (number - 1) & 1) == 0 && sigaction(number, NULL, old) == 0 && old->sa_handler == SIG_DFL)
            return number;
    return 0;
}

uint32_t tare__stack_walk_other(int thread_id, uintptr_t *addresses, uint32_t max)
{
    struct sigaction old, ours = {.sa_sigaction = answer, .sa_flags = SA_SIGINFO | SA_RESTART};
    int number = free_signal(thread_id, &old);
    if (number == 0)
        return 0;
    asked.addresses = addresses;
    asked.max = max;
    asked.count = 0;
    __atomic_store_n(&asked.answered, 0, __ATOMIC_RELEASE);
    sigfillset(&ours.sa_mask);
    if (sigaction(number, &ours, NULL) != 0)
        return 0;
    if (!tare__os_signal_thread(thread_id, number)) {
        sigaction(number, &old, NULL);
        return 0;
    }
    uint64_t deadline_ns = tare__os_clock_ns() + ANSWER_NS;
    while (__atomic_load_n(&asked.answered, __ATOMIC_ACQUIRE) == 0 && tare__os_clock_ns() < deadline_ns)
        tare__os_futex_wait_until(&asked.answered, 0, deadline_ns);
    /* Without an answer the signal may yet come, so its handler stays. */
    if (__atomic_exchange_n(&asked.answered, 1, __ATOMIC_ACQ_REL) == 0)
        return 0;
    sigaction(number, &old, NULL);
    return asked.count;
}
