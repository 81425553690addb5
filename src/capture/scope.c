/* SPDX-License-Identifier: MIT */
/* The life of scopes: opening, taking figures, resetting, ending, and what a
 * thread's end, a recorded run and a fork make of them. */
#include <string.h>

#include "canary.h"
#include "capture_store.h"
#include "gate.h"
#include "modules.h"
#include "scope_parts.h"
#include "start.h"

static struct tare__scope *run_scope;

/* Scopes that a jump left and whose closing may yet come (a coroutine looks
 * like that too) are kept this long. */
#define LEFT_MAX 64u
static struct tare__scope *left_scopes;
static uint32_t left_count;

/* Whether it lives and dies with the thread that opened it. */
static bool belongs_to_thread(const struct tare__scope *scope)
{
    return scope->domain == TARE_THREAD || scope->domain == TARE_EXCLUSIVE;
}

/* ---- Opening and ending, under the lock --------------------------------- */

static void make_stale(struct tare__thread *thread, void *mine)
{
    if (thread != mine && TARE__LOAD(thread->hot->mode) != TARE__MODE_LATE)
        __atomic_store_n(&thread->hot->mode, TARE__MODE_STALE, __ATOMIC_SEQ_CST);
}

void tare__scope_restart_threads(struct tare__thread *but)
{
    tare__thread_each(make_stale, but);
}

static void unmake_scope(struct tare__scope *scope)
{
    tare__sum_leave(scope->sum);
    if (scope->era != NULL)
        tare__era_close(scope->era, 0);
    tare__scope_give(scope);
}

/* A scope without its threads; NULL when there is no memory. */
static struct tare__scope *make_scope(struct tare__thread *mine, const tare_options *options)
{
    struct tare__scope *scope = tare__scope_new();
    if (scope == NULL)
        return NULL;
    scope->owner = mine;
    scope->name = options->name;
    scope->domain = options->domain;
    scope->era = tare__era_new(scope->domain == TARE_THREAD);
    bool needs_sum = scope->domain != TARE_THREAD && scope->domain != TARE_PROCESS;
    scope->sum = needs_sum ? tare__sum_new() : NULL;
    if (scope->era != NULL && (scope->sum != NULL || !needs_sum))
        return scope;
    unmake_scope(scope);
    return NULL;
}

static struct tare__scope *open_scope(struct tare__thread *mine, const tare_options *options, struct tare__place place)
{
    struct tare__scope *scope = make_scope(mine, options);
    if (scope == NULL)
        return NULL;
    bool attached = scope->domain != TARE_TASK || place.block != 0; /* a task by handle waits to be entered */
    if (attached && tare__attach(mine, scope) == NULL) {
        unmake_scope(scope);
        return NULL;
    }
    if (scope->domain != TARE_THREAD)
        tare__restart_sum(scope);
    if (scope->domain == TARE_PROCESS) {
        scope->next_process = tare__process_scopes;
        __atomic_store_n(&tare__process_scopes, scope, __ATOMIC_SEQ_CST);
        tare__thread_each(make_stale, mine);
    }
    scope->place = place;
    if (place.block != 0) {
        scope->next_block = mine->blocks;
        mine->blocks = scope;
    }
    tare__refresh(mine);
    return scope;
}

static void unlink_process_scope(struct tare__scope *scope)
{
    for (struct tare__scope **link = &tare__process_scopes; *link != NULL; link = &(*link)->next_process)
        if (*link == scope) {
            *link = scope->next_process;
            return;
        }
}

static void unlink_block(struct tare__scope *scope)
{
    if (scope->owner == NULL) /* the run's */
        return;
    for (struct tare__scope **link = &scope->owner->blocks; *link != NULL; link = &(*link)->next_block)
        if (*link == scope) {
            *link = scope->next_block;
            return;
        }
}

/* Takes the figures and closes the era. Of a scope over several threads whose era
 * no other thread has entered there is no call on its way either, so that can be
 * used again. Where calls were half counted, nobody knows when its last block is gone:
 * used again too early, it would make blocks of this scope another's. */
static void close_era(struct tare__scope *scope, const struct tare__thread *mine, tare_stats *stats)
{
    bool alone = true;
    for (const struct tare__attachment *at = scope->attachments; at != NULL; at = at->next_of_scope)
        alone &= at->thread == mine || at->era != scope->era;
    if (alone)
        scope->era->recyclable = true;
    int64_t complete_at = tare__figures(scope, stats);
    if (stats->inexact & (TARE_INEXACT_REENTERED | TARE_INEXACT_UNSETTLED))
        scope->era->recyclable = false;
    tare__era_close(scope->era, complete_at);
}

static void fold_peaks(struct tare__scope *scope, struct tare__thread *thread)
{
    tare__fold_peak(thread);
    if (scope->domain != TARE_THREAD)
        tare__fold_sum(scope);
}

/* Takes the figures for good and leaves every thread; those of others detach
 * themselves before their next call. */
static void end_scope(struct tare__scope *scope, struct tare__thread *mine)
{
    struct tare__thread *folding = scope->domain == TARE_THREAD ? scope->owner : mine;
    fold_peaks(scope, folding);
    close_era(scope, folding, &scope->final);
    unlink_process_scope(scope);
    unlink_block(scope);
    while (scope->attachments != NULL) {
        struct tare__attachment *attachment = scope->attachments;
        scope->attachments = attachment->next_of_scope;
        if (attachment->thread == folding) {
            tare__unlink_from_thread(attachment);
            tare__attachment_give(attachment);
        } else {
            attachment->over = true;
            make_stale(attachment->thread, NULL);
        }
    }
    tare__refresh(folding);
    tare__sum_leave(scope->sum);
    scope->sum = NULL;
    scope->state = TARE__SCOPE_ENDED;
    if (scope->domain == TARE_EXCLUSIVE)
        tare__gate_open(scope->owner);
    tare__family_changed(scope);
}

/* Ends a block whose own end may never come, or may. */
static void abandon(struct tare__scope *scope, struct tare__thread *mine)
{
    end_scope(scope, mine);
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
            abandon(scope, mine);
    }
    for (struct tare__attachment *at = mine->attachments, *next; at != NULL; at = next) {
        next = at->next_of_thread;
        if (at->place.block == 0 || !was_left(at->place, place))
            continue;
        at->scope->inexact |= TARE_INEXACT_ABANDONED;
        tare__task_back_to(at, at->entered_before);
    }
}

void tare__scope_leave_jumped(struct tare__thread *mine, uintptr_t frame)
{
    if (tare__os_on_signal_stack()) /* it may lie anywhere */
        return;
    tare__thread_begin_work(mine->hot);
    tare__lock_acquire(&tare__registry_lock);
    tare__scope_leave_abandoned(mine, (struct tare__place){.block = 1, .frame = frame});
    tare__scope_sync(mine);
    tare__lock_release(&tare__registry_lock);
    tare__thread_end_work(mine);
}

static void forget_left(struct tare__scope *scope)
{
    for (struct tare__scope **link = &left_scopes; *link != NULL; link = &(*link)->next_left)
        if (*link == scope) {
            *link = scope->next_left;
            left_count--;
            return;
        }
}

/* The thread's calls are of the new eras of scopes that were reset from now on. */
static void enter_new_eras(struct tare__thread *thread)
{
    for (struct tare__attachment *at = thread->attachments; at != NULL; at = at->next_of_thread) {
        if (at->over || at->era == at->scope->era)
            continue;
        struct tare__foreign foreign =
            tare__foreign_since_reset(at, &(struct tare__counted){*thread->counters, {0, 0}});
        at->foreign_base.blocks = at->foreign->blocks - foreign.blocks;
        at->foreign_base.bytes = at->foreign->bytes - foreign.bytes;
        at->era = at->scope->era;
    }
}

/* Other threads go on counting for the scope from where the figures just taken
 * found them, so that no call falls between two resets; the blocks they make are
 * of the new era from their next call on. */
static int reset_scope(struct tare__scope *scope, struct tare__thread *mine)
{
    struct tare__era *era = tare__era_new(scope->domain == TARE_THREAD);
    if (era == NULL)
        return TARE_ERROR_NO_MEMORY;
    fold_peaks(scope, mine);
    close_era(scope, mine, &scope->final);
    scope->era = era;
    memset(&scope->departed, 0, sizeof scope->departed);
    scope->inexact = scope->final.inexact & TARE_INEXACT_UNSETTLED;
    for (struct tare__attachment *at = scope->attachments; at != NULL; at = at->next_of_scope) {
        at->base = at->taken.counters;
        if (at->thread == mine)
            at->peak = tare__net_of(&at->base);
    }
    if (scope->domain != TARE_THREAD) {
        tare__restart_sum(scope);
        for (struct tare__attachment *at = scope->attachments; at != NULL; at = at->next_of_scope)
            make_stale(at->thread, mine);
    }
    enter_new_eras(mine);
    tare__refresh(mine);
    return 0;
}

static void read_scope(struct tare__scope *scope, struct tare__thread *mine)
{
    fold_peaks(scope, mine);
    tare__figures(scope, &scope->final);
}

/* ---- For threads, the run and fork -------------------------------------- */

/* A thread that goes on in the owner's place counts as the owner does. */
static void follow_guest(struct tare__thread *thread)
{
    const struct tare__thread *owner = tare__gate_owner;
    if (owner != NULL && owner != thread && tare__gate_is_guest(thread)) {
        for (struct tare__attachment *at = owner->attachments; at != NULL; at = at->next_of_thread)
            if (!at->over && at->scope->domain == TARE_EXCLUSIVE && tare__attachment_of(thread, at->scope) == NULL &&
                tare__attach(thread, at->scope) == NULL)
                at->scope->inexact |= TARE_INEXACT_LOST;
        return;
    }
    for (struct tare__attachment *at = thread->attachments, *next; at != NULL; at = next) {
        next = at->next_of_thread;
        if (!at->over && at->scope->domain == TARE_EXCLUSIVE && at->scope->owner != thread)
            tare__detach(at);
    }
}

void tare__scope_sync(struct tare__thread *thread)
{
    tare__fold_peak(thread);
    for (struct tare__attachment **link = &thread->attachments; *link != NULL;) {
        struct tare__attachment *attachment = *link;
        if (attachment->over) {
            *link = attachment->next_of_thread;
            tare__attachment_give(attachment);
        } else {
            link = &attachment->next_of_thread;
        }
    }
    enter_new_eras(thread);
    follow_guest(thread);
    for (struct tare__scope *scope = tare__process_scopes; scope != NULL; scope = scope->next_process)
        if (tare__attachment_of(thread, scope) == NULL && tare__attach(thread, scope) == NULL)
            tare__store_mark_inexact(TARE_INEXACT_LOST);
    tare__refresh(thread);
}

void tare__scope_thread_ended(struct tare__thread *thread)
{
    while (thread->blocks != NULL)
        abandon(thread->blocks, thread);
    while (thread->attachments != NULL) {
        struct tare__attachment *attachment = thread->attachments;
        struct tare__scope *scope = attachment->scope;
        if (!attachment->over && scope->owner == thread && belongs_to_thread(scope)) {
            end_scope(scope, thread);
            continue;
        }
        if (!attachment->over) {
            if (scope->owner == thread)
                scope->owner = NULL;
            tare__detach(attachment);
            continue;
        }
        thread->attachments = attachment->next_of_thread;
        tare__attachment_give(attachment);
    }
    tare__gate_forget(thread);
}

void tare__scope_open_run(void)
{
    struct tare__scope *scope = tare__scope_new();
    struct tare__era *era = tare__era_new(false);
    if (scope == NULL || era == NULL) {
        tare__store_mark_inexact(TARE_INEXACT_LOST);
        return;
    }
    scope->domain = TARE_PROCESS;
    scope->is_run = true;
    scope->era = era;
    tare__restart_sum(scope);
    scope->next_process = tare__process_scopes;
    tare__process_scopes = scope;
    run_scope = scope;
}

void tare__scope_leave_run(void)
{
    struct tare__scope *scope = run_scope;
    if (scope == NULL)
        return;
    run_scope = NULL;
    unlink_process_scope(scope);
    while (scope->attachments != NULL) {
        struct tare__attachment *attachment = scope->attachments;
        scope->attachments = attachment->next_of_scope;
        tare__unlink_from_thread(attachment);
        tare__attachment_give(attachment);
    }
    tare__scope_give(scope);
}

void tare__scope_rebase_shared(const struct tare__shared *before)
{
    for (struct tare__scope *scope = tare__process_scopes; scope != NULL; scope = scope->next_process) {
        if (before->peak > scope->peak)
            scope->peak = before->peak;
        scope->peak -= before->net;
        scope->net_base -= before->net;
    }
}

/* The thread's counters are 0 now; until now they stood at `before`. */
void tare__scope_rebase(struct tare__thread *thread, const struct tare__counters *before)
{
    for (struct tare__attachment *at = thread->attachments; at != NULL; at = at->next_of_thread) {
        if (before->peak > at->peak)
            at->peak = before->peak;
        at->peak -= tare__net_of(before);
#define SUBTRACT(name) at->base.name -= before->name;
        TARE__COUNTERS(SUBTRACT)
#undef SUBTRACT
    }
}

void tare__scope_mark_inexact(const struct tare__thread *thread, uint32_t bits)
{
    for (struct tare__attachment *at = thread->attachments; at != NULL; at = at->next_of_thread)
        if (!at->over) /* the scope may be another by now */
            at->scope->inexact |= bits;
}

/* ---- What the measuring functions call ----------------------------------- */

bool tare__scope_canary(void)
{
    struct tare__thread *mine = tare__thread_mine();
    if (mine == NULL)
        return false;
    bool seen = tare__canary(mine);
    tare__thread_done(mine);
    return seen;
}

/* An exclusive scope of this thread that is not a block around the one to open
 * may be closed after that: then nobody could say until when the others wait. */
static bool holds_elsewhere(const struct tare__thread *mine, struct tare__place place)
{
    for (const struct tare__attachment *at = mine->attachments; at != NULL; at = at->next_of_thread)
        if (!at->over && at->scope->domain == TARE_EXCLUSIVE && at->scope->owner == mine &&
            (place.block == 0 || at->scope->place.block == 0))
            return true;
    return false;
}

/* Waits for the thread's turn. On an error the thread's work is done. */
static int shut_gate(struct tare__thread *mine, const tare_options *options, struct tare__place place)
{
    tare__lock_acquire(&tare__registry_lock);
    tare__scope_leave_abandoned(mine, place);
    bool elsewhere = holds_elsewhere(mine, place);
    tare__lock_release(&tare__registry_lock);
    if (!elsewhere)
        return tare__gate_shut(mine, options->watchdog_ms) ? 0 : TARE_ERROR_BUSY;
    tare__thread_done(mine);
    return TARE_ERROR_HELD_ELSEWHERE;
}

tare_scope *tare__scope_open(const tare_options *options, struct tare__place place, int *error)
{
    if ((unsigned)options->domain > TARE_TASK) {
        *error = TARE_ERROR_BAD_DOMAIN;
        return NULL;
    }
    struct tare__thread *mine = tare__thread_mine();
    if (mine == NULL) {
        *error = tare__started() ? TARE_ERROR_BUSY : TARE_ERROR_NOT_ATTACHED;
        return NULL;
    }
    tare_scope *handle = NULL;
    *error = TARE_ERROR_NOT_ATTACHED;
    if (tare__canary(mine)) {
        if (options->domain == TARE_EXCLUSIVE && (*error = shut_gate(mine, options, place)) != 0)
            return NULL;
        tare__lock_acquire(&tare__registry_lock);
        tare__scope_leave_abandoned(mine, place);
        const struct tare__scope *scope = open_scope(mine, options, place);
        *error = scope != NULL ? 0 : TARE_ERROR_NO_MEMORY;
        if (scope != NULL)
            handle = tare__scope_handle(scope);
        else if (options->domain == TARE_EXCLUSIVE)
            tare__gate_open(mine);
        tare__lock_release(&tare__registry_lock);
    }
    tare__thread_done(mine);
    return handle;
}

static int take(struct tare__thread *mine, tare_scope *handle, enum tare__take how, tare_stats *stats,
                const char **name)
{
    struct tare__scope *scope = tare__scope_of(handle);
    if (scope == NULL || scope->is_run)
        return TARE_ERROR_NOT_OPEN;
    if (name != NULL)
        *name = scope->name;
    if (scope->state == TARE__SCOPE_OPEN) {
        if (belongs_to_thread(scope) && scope->owner != mine)
            return TARE_ERROR_WRONG_THREAD;
        bool by_handle = scope->place.block == 0;
        if (how == TARE__CLOSE && scope->domain == TARE_TASK && by_handle && scope->attachments != NULL)
            return TARE_ERROR_ENTERED;
        int error = 0;
        if (how == TARE__CLOSE)
            end_scope(scope, mine);
        else if (how == TARE__RESET)
            error = reset_scope(scope, mine);
        else
            read_scope(scope, mine);
        if (error != 0)
            return error;
    } else if (how == TARE__RESET) {
        return TARE_ERROR_NOT_OPEN;
    }
    if (stats != NULL)
        *stats = scope->final;
    if (how != TARE__CLOSE)
        return 0;
    bool deadlocked = (scope->final.inexact & TARE_INEXACT_DEADLOCKED) != 0;
    forget_left(scope);
    tare__scope_give(scope);
    return deadlocked ? TARE_ERROR_DEADLOCK : 0;
}

int tare__scope_take(tare_scope *handle, enum tare__take how, tare_stats *stats, const char **name)
{
    struct tare__thread *mine = tare__thread_mine();
    if (mine == NULL)
        return TARE_ERROR_BUSY;
    tare__modules_look(); /* before the lock: the loader has locks of its own */
    tare__lock_acquire(&tare__registry_lock);
    int error = take(mine, handle, how, stats, name);
    tare__lock_release(&tare__registry_lock);
    tare__thread_done(mine);
    return error;
}

const char *tare__scope_name(tare_scope *handle)
{
    struct tare__thread *mine = tare__thread_mine();
    if (mine == NULL)
        return NULL;
    tare__lock_acquire(&tare__registry_lock);
    const struct tare__scope *scope = tare__scope_of(handle);
    const char *name = scope != NULL ? scope->name : NULL;
    tare__lock_release(&tare__registry_lock);
    tare__thread_done(mine);
    return name;
}
