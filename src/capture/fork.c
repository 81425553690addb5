/* SPDX-License-Identifier: MIT */
/*
 * A child of fork has one thread. Its locks may be held by threads that are
 * gone, and in a recorded run it sits on its parent's store, which it must not
 * write to, not even to close a scope. So it first takes private copies of all
 * that it needs from there, then lays a store of its own at the same address,
 * and only then puts its scopes in order.
 *
 * The parent goes on counting meanwhile, so the copies are made before the fork.
 * A child that no handler foretold (_Fork, a raw clone) copies what it finds;
 * what scopes were open in it is marked as unsettled then.
 */
#include "fork.h"

#include <string.h>

#include "callstack.h"
#include "capture_pieces.h"
#include "capture_store.h"
#include "gate.h"
#include "modules.h"
#include "noted.h"
#include "real.h"
#include "scope.h"

static struct {
    bool taken;
    const struct tare__thread *of; /* the thread that forks; NULL for one never seen */
    uintptr_t guard;               /* of that */
    struct tare__shared shared;
} snapshot;

static void copy_counters(struct tare__thread *thread)
{
    if (thread->slot != NULL)
        thread->own = *thread->counters;
}

static void take_snapshot(struct tare__thread *thread)
{
    if (thread != NULL)
        copy_counters(thread);
    copy_counters(&tare__late_thread);
    snapshot.shared.net = TARE__LOAD(tare__store->shared.net);
    snapshot.shared.peak = TARE__LOAD(tare__store->shared.peak);
}

/* The thread of a line that has one; NULL for one never seen and for those past
 * their end. */
static struct tare__thread *thread_at(struct tare__hot *hot)
{
    return hot != &tare__nobody && hot->thread != &tare__late_thread ? tare__thread_of(hot) : NULL;
}

/* The fork may have come in a function of the program's that a call has gone on
 * to: then the thread is still in there. */
static void end_work(struct tare__thread *thread, uintptr_t guard)
{
    tare__thread_end_work(thread);
    if (!tare__guard_is_callee(guard))
        return;
    bool stale = tare__thread_begin_work(thread->hot);
    TARE__STORE(thread->hot->guard, guard);
    if (stale)
        TARE__STORE(thread->hot->mode, TARE__MODE_STALE);
}

void tare__fork_prepare(void)
{
    struct tare__hot *hot = tare__self;
    tare__fork_notice(hot);
    struct tare__thread *thread = thread_at(hot);
    uintptr_t guard = thread != NULL ? hot->guard : 0;
    bool stale = thread != NULL && tare__thread_begin_work(hot);
    tare__modules_fork_prepare();
    tare__lock_acquire(&tare__registry_lock);
    if (stale)
        tare__scope_sync(thread);
    tare__noted_fork_prepare();
    tare__callstack_fork_prepare();
    tare__lock_acquire(&tare__pieces_lock);
    tare__pieces_fork_prepare();
    take_snapshot(thread);
    snapshot.of = thread;
    snapshot.guard = guard;
    snapshot.taken = true;
}

void tare__fork_parent(void)
{
    struct tare__hot *hot = tare__self;
    struct tare__thread *thread = thread_at(hot);
    uintptr_t guard = snapshot.guard;
    snapshot.taken = false;
    tare__lock_release(&tare__pieces_lock);
    tare__callstack_fork_parent();
    tare__noted_fork_parent();
    tare__lock_release(&tare__registry_lock);
    tare__modules_fork_done();
    if (thread != NULL)
        end_work(thread, guard);
}

/* Turns a thread to its private counters; the slot is the parent's. */
static void leave_slot(struct tare__thread *thread)
{
    thread->slot = NULL;
    thread->counters = thread->hot->counters = &thread->own;
}

static bool is_ghost(const struct tare__thread *thread, const struct tare__thread *mine)
{
    return thread != mine && thread != &tare__late_thread;
}

/* A thread that is not in this process. Nobody stopped it when the fork came:
 * what it counted for scopes over several threads may lack half a call. */
static void freeze_ghost(struct tare__thread *thread, void *mine)
{
    if (!is_ghost(thread, mine))
        return;
    if (thread->slot != NULL || thread->counters->recording != 0)
        tare__scope_mark_inexact(thread, TARE_INEXACT_UNSETTLED);
    copy_counters(thread);
    leave_slot(thread);
    thread->own.recording = 0;
}

static void end_ghost(struct tare__thread *thread, void *mine)
{
    if (!is_ghost(thread, mine))
        return;
    tare__scope_thread_ended(thread);
    memset(thread->hot, 0, sizeof *thread->hot);
    thread->vfork_pid = 0;
    thread->taken = 0;
}

/* From the private counters, where the thread stood, to a slot that starts at 0. */
static void move_to_new_store(struct tare__thread *thread)
{
    tare__thread_give_counters(thread);
    if (thread->slot != NULL)
        tare__scope_rebase(thread, &thread->own);
}

static void move_to_own_store(struct tare__thread *mine, bool foretold)
{
    uint32_t inexact = TARE__LOAD(tare__store->inexact); /* and so are the scopes that go on */
    tare__scope_leave_run();
    tare__store_fork(foretold);
    tare__callstack_fork_child(true);
    tare__scope_rebase_shared(&snapshot.shared);
    if (mine != NULL) {
        tare__scope_mark_inexact(mine, inexact);
        move_to_new_store(mine);
    }
    move_to_new_store(&tare__late_thread);
    if (tare__store_recorded)
        tare__scope_open_run(NULL); /* faults stay with the parent */
}

static TARE__COLD void become_child(struct tare__hot *hot)
{
    tare__registry_lock.word = 0;
    tare__pieces_lock.word = 0;
    tare__noted_fork_child();
    tare__modules_fork_done();
    tare__process_pid = tare__os_pid();
    tare__sentinel->mode = 1;
    struct tare__thread *mine = thread_at(hot);
    bool foretold = snapshot.taken && snapshot.of == mine;
    if (!foretold)
        take_snapshot(mine);
    if (mine != NULL) {
        tare__thread_begin_work(hot);
        hot->thread = mine;
        hot->counters = mine->counters;
        mine->vfork_pid = 0; /* this is no child of vfork, whoever called that before */
        if (!foretold && tare__store_recorded)
            tare__scope_mark_inexact(mine, TARE_INEXACT_UNSETTLED);
    }
    snapshot.taken = false;
    tare__gate_fork_child(mine);
    tare__thread_each(freeze_ghost, mine);
    if (tare__store_recorded) {
        if (mine != NULL)
            leave_slot(mine);
        leave_slot(&tare__late_thread);
        move_to_own_store(mine, foretold);
    } else {
        tare__callstack_fork_child(false);
    }
    tare__thread_each(end_ghost, mine);
    if (mine != NULL) {
        tare__scope_sync(mine);
        end_work(mine, foretold ? snapshot.guard : 0);
    }
}

void tare__fork_notice(struct tare__hot *hot)
{
    if (tare__sentinel != NULL && tare__sentinel->mode == 0)
        become_child(hot);
}

void tare__fork_child(void)
{
    tare__sentinel->mode = 0; /* where the system does not wipe */
    tare__fork_notice(tare__self);
}

tare__vfork *tare__vfork_target(void)
{
    struct tare__thread *thread = tare__thread_mine();
    if (thread != NULL) {
        thread->vfork_pid = tare__process_pid;
        tare__thread_done(thread);
    }
    return tare__real.vfork;
}
