/* SPDX-License-Identifier: MIT */
/* The slow way into a measured call: whatever the short ways do not take for
 * granted is looked at here. */
#include "birth.h"
#include "blockmap.h"
#include "fork.h"
#include "gate.h"
#include "real.h"
#include "scope.h"
#include "start.h"
#include "thread.h"

/* True for a call inside a call. What says so is void when the frame that left
 * it is gone: a jump out of a signal handler, or out of an allocator that the call
 * went on to, did that, and the call it left may be half counted. A handler on an
 * alternate stack above looks the same. */
static bool is_nested(struct tare__hot *hot, uintptr_t frame)
{
    if (tare__guard_is_own(hot->guard) || hot->guard > frame || hot->counters->recording > frame)
        return true;
    if (hot->guard != 0 || hot->counters->recording != 0)
        TARE__ADD(hot->counters->reentered_calls, 1);
    if (tare__guard_is_callee(hot->guard))
        tare__thread_end_work(hot->thread);
    hot->guard = 0;
    TARE__STORE(hot->counters->recording, 0);
    return false;
}

static bool is_canary(const struct tare__hot *hot, uintptr_t frame)
{
    return hot->guard == TARE__GUARD_CANARY && !hot->thread->canary_seen &&
           hot->thread->canary_frame - frame < TARE__SIGNAL_FRAME_BYTES;
}

/* Is a nested call a signal handler's? Where it can't be told from one that the
 * allocator makes, or libc for tare, it counts as one: then the result says so. */
static bool may_be_a_handlers(const struct tare__hot *hot, uintptr_t frame)
{
    if (hot->guard == TARE__GUARD_LIBC)
        return false;
    if (tare__guard_is_callee(hot->guard)) /* libc makes a thread in 400 bytes of stack (glibc 2.36) */
        return hot->thread->making && hot->guard - frame >= TARE__SIGNAL_FRAME_BYTES;
    return tare__guard_is_own(hot->guard) || hot->counters->recording != 0 || tare__real.never_nests ||
           hot->guard - frame >= TARE__SIGNAL_FRAME_BYTES;
}

static struct tare__entry enter_nested(struct tare__hot *hot, uintptr_t frame)
{
    if (is_canary(hot, frame)) {
        hot->thread->canary_seen = true;
        return (struct tare__entry){hot, TARE__PROBE, TARE__BIRTH_NONE};
    }
    if (may_be_a_handlers(hot, frame))
        TARE__ADD(hot->counters->reentered_calls, 1);
    return (struct tare__entry){NULL, TARE__PASS, TARE__BIRTH_NESTED};
}

/* Another process on this memory, until it execs: its calls are not ours. */
static bool is_vfork_child(struct tare__thread *thread)
{
    if (thread->vfork_pid == 0)
        return false;
    if (thread->vfork_pid != tare__os_pid())
        return true;
    thread->vfork_pid = 0;
    return false;
}

/* The calling thread's line, ready for a call; NULL where nothing of this
 * thread is counted. */
static struct tare__hot *look_around(void)
{
    struct tare__hot *hot = tare__self;
    uint32_t mode = TARE__LOAD(hot->mode);
    if (mode == TARE__MODE_NONE) {
        tare__fork_notice(hot);
        if (hot == &tare__nobody)
            return tare__thread_begin();
    }
    return hot;
}

TARE__COLD struct tare__entry tare__enter_slowly(uintptr_t frame)
{
    const struct tare__entry pass = {NULL, TARE__PASS, TARE__BIRTH_NONE};
    if (!tare__started() && !tare__start())
        return (struct tare__entry){NULL, TARE__BOOT, TARE__BIRTH_NONE};
    struct tare__hot *hot = look_around();
    if (hot == NULL)
        return pass;
    bool nested = TARE__LOAD(hot->mode) != TARE__MODE_LATE && is_nested(hot, frame);
    if (TARE__LOAD(hot->mode) == TARE__MODE_LATE)
        return (struct tare__entry){hot, TARE__COUNT, TARE__BIRTH_NONE};
    if (nested)
        return enter_nested(hot, frame);
    do { /* catching up may take a while, and the gate be shut meanwhile */
        if (TARE__UNLIKELY(TARE__LOAD(tare__gate_owner) != NULL))
            tare__gate_pass(hot, frame);
        if (TARE__LOAD(hot->mode) != TARE__MODE_STALE)
            break;
        if (is_vfork_child(hot->thread))
            return pass;
        tare__thread_begin_work(hot);
        tare__thread_catch_up(hot->thread);
        tare__thread_end_work(hot->thread);
    } while (tare__gate_keeps_out(hot->thread));
    if (hot->thread->attachments == NULL)
        return pass;
    hot->guard = frame;
    return (struct tare__entry){hot, TARE__COUNT, hot->birth};
}

struct tare__thread *tare__thread_mine(void)
{
    if (!tare__started() && !tare__start())
        return NULL;
    struct tare__hot *hot = look_around();
    if (hot == NULL || TARE__LOAD(hot->mode) == TARE__MODE_LATE || is_nested(hot, TARE__FRAME) ||
        is_vfork_child(hot->thread))
        return NULL;
    if (tare__thread_begin_work(hot)) /* what makes it stale from now on is caught up with at its next call */
        tare__thread_catch_up(hot->thread);
    return hot->thread;
}

void tare__thread_done(struct tare__thread *thread)
{
    tare__thread_end_work(thread);
}
