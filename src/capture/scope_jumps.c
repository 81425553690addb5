/* SPDX-License-Identifier: MIT */
/* Blocks that a jump has left: found by where they stand on the stack, when the
 * thread opens another, or when others wait for it to close one. */
#include "gate.h"
#include "scope_parts.h"

/* Scopes that a jump left and whose closing may yet come (a coroutine looks
 * like that too) are kept this long. */
#define LEFT_MAX 64u
static struct tare__scope *left_scopes;
static uint32_t left_count;

void tare__scope_abandon(struct tare__scope *scope, struct tare__thread *mine)
{
    tare__scope_end(scope, mine);
    scope->final.inexact |= TARE_INEXACT_ABANDONED;
    scope->next_left = left_scopes;
    left_scopes = scope;
    if (++left_count <= LEFT_MAX)
        return;
    struct tare__scope **last = &left_scopes;
    while ((*last)->next_left != NULL)
        last = &(*last)->next_left;
    tare__scope_give(*last);
    *last = NULL;
    left_count--;
}

/* A block is open in a frame that is gone, or was entered anew while open. */
static bool was_left(struct tare__place open, struct tare__place now)
{
    return open.block < now.frame || open.block == now.block;
}

void tare__scope_leave_abandoned(struct tare__thread *mine, struct tare__place place)
{
    if (place.block == 0)
        return;
    for (struct tare__scope *scope = mine->blocks, *next; scope != NULL; scope = next) {
        next = scope->next_block;
        if (was_left(scope->place, place))
            tare__scope_abandon(scope, mine);
    }
    for (struct tare__attachment *at = mine->attachments, *next; at != NULL; at = next) {
        next = at->next_of_thread;
        if (at->place.block == 0 || !was_left(at->place, place))
            continue;
        at->scope->inexact |= TARE_INEXACT_ABANDONED;
        tare__task_back_to(at, at->entered_before);
    }
}

/* A coroutine's stack and a signal handler's may lie anywhere, and say nothing of
 * blocks. A thread's own ends at what libc keeps for the thread. */
static bool is_on_own_stack(const struct tare__thread *mine, uintptr_t frame)
{
    bool is_main = mine->id == tare__process_pid;
    uintptr_t end = is_main ? (uintptr_t)tare__os_arguments() : (uintptr_t)mine->self;
    return frame <= end && !tare__os_on_signal_stack();
}

void tare__scope_leave_jumped(struct tare__thread *mine, uintptr_t frame)
{
    if (!is_on_own_stack(mine, frame))
        return;
    tare__thread_begin_work(mine->hot);
    tare__lock_acquire(&tare__registry_lock);
    tare__scope_leave_abandoned(mine, (struct tare__place){.block = 1, .frame = frame});
    tare__gate_open(mine); /* where the thread has jumped out of the line, it owns the gate for nothing */
    tare__scope_sync(mine);
    tare__lock_release(&tare__registry_lock);
    tare__thread_end_work(mine);
}

void tare__scope_forget_left(struct tare__scope *scope)
{
    for (struct tare__scope **link = &left_scopes; *link != NULL; link = &(*link)->next_left)
        if (*link == scope) {
            *link = scope->next_left;
            left_count--;
            return;
        }
}
