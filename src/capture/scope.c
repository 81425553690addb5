/* SPDX-License-Identifier: MIT */
/* The life of scopes: opening, taking figures, resetting, ending. */
#include <errno.h>
#include <string.h>

#include "canary.h"
#include "capture_store.h"
#include "environment.h"
#include "fault.h"
#include "fault_leaks.h"
#include "fault_places.h"
#include "gate.h"
#include "modules.h"
#include "probe.h"
#include "scope_parts.h"
#include "start.h"

/* ---- Opening and ending, under the lock --------------------------------- */

static uint64_t scope_ids;

static void unmake_scope(struct tare__scope *scope)
{
    tare__sum_leave(scope->sum);
    tare__armed_leave(scope->armed);
    if (scope->era != NULL)
        tare__era_close(scope->era, 0);
    tare__scope_give(scope);
}

/* A scope without its threads; NULL when there is no memory. */
static struct tare__scope *make_scope(struct tare__thread *mine, const tare_options *options,
                                      const struct tare__arming *arming)
{
    struct tare__scope *scope = tare__scope_new();
    if (scope == NULL)
        return NULL;
    scope->id = ++scope_ids;
    scope->owner = mine;
    scope->name = options->name;
    scope->domain = options->domain;
    scope->sites = options->sites == TARE_SITES_ON && tare__environment_sites();
    scope->era = tare__era_new(scope->domain == TARE_THREAD);
    bool needs_sum = scope->domain != TARE_THREAD && scope->domain != TARE_PROCESS;
    scope->sum = needs_sum ? tare__sum_new() : NULL;
    scope->armed = arming != NULL ? tare__armed_new(arming) : NULL;
    if (scope->era != NULL && (scope->sum != NULL || !needs_sum) && (scope->armed != NULL || arming == NULL))
        return scope;
    unmake_scope(scope);
    return NULL;
}

static struct tare__scope *open_scope(struct tare__thread *mine, const tare_options *options, struct tare__place place,
                                      const struct tare__arming *arming)
{
    struct tare__scope *scope = make_scope(mine, options, arming);
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
        tare__thread_each(tare__make_stale, mine);
    }
    if (scope->domain == TARE_EXCLUSIVE) {
        scope->shuts_gate = tare__gate_is_mine(mine);
        scope->inexact |= scope->shuts_gate ? TARE_INEXACT_NONE : TARE_INEXACT_DEADLOCKED;
    }
    scope->place = place;
    if (place.block != 0) {
        scope->next_block = mine->blocks;
        mine->blocks = scope;
    }
    tare__refresh(mine);
    if (TARE__LISTENED(scope)) /* under the lock: no other thread's call is of it yet */
        tare__probe_tare_scope_open(scope->id, scope->name != NULL ? scope->name : "");
    return scope;
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

/* Takes the figures, keeps what is to be kept, and closes the era. */
static void close_era(struct tare__scope *scope, const struct tare__thread *mine, tare_stats *stats)
{
    int64_t complete_at = tare__figures(scope, stats);
    if (scope->keep != NULL)
        tare__keep_scope(scope, stats, scope->keep);
    const struct tare__armed *armed = scope->armed;
    if (armed != NULL && armed->run != NULL)
        tare__fault_leaks(armed->faults, armed->faults->plan.kind == TARE__FAULT_COUNT ? NULL : armed->run, scope->era);
    bool exactly = (stats->inexact & (TARE_INEXACT_REENTERED | TARE_INEXACT_UNSETTLED)) == 0;
    tare__scope_close_era(scope, mine, complete_at, exactly);
}

static void fold_peaks(struct tare__scope *scope, struct tare__thread *thread)
{
    tare__fold_peak(thread);
    if (scope->domain != TARE_THREAD)
        tare__fold_sum(scope);
}

static void open_gate(struct tare__scope *scope)
{
    if (!scope->shuts_gate)
        return;
    scope->shuts_gate = false;
    tare__gate_open(scope->owner);
}

static TARE__COLD void tell_close(const struct tare__scope *scope)
{
    const tare_stats *final = &scope->final;
    tare__probe_tare_scope_close(scope->id, final->allocations, final->bytes_allocated, final->peak_bytes);
}

void tare__scope_end(struct tare__scope *scope, struct tare__thread *mine)
{
    struct tare__thread *folding = scope->domain == TARE_THREAD ? scope->owner : mine;
    fold_peaks(scope, folding);
    close_era(scope, folding, &scope->final);
    if (TARE__LISTENED(scope))
        tell_close(scope);
    tare__unlink_process_scope(scope);
    unlink_block(scope);
    while (scope->attachments != NULL) {
        struct tare__attachment *attachment = scope->attachments;
        scope->attachments = attachment->next_of_scope;
        if (attachment->thread == folding) {
            tare__unlink_from_thread(attachment);
            tare__attachment_give(attachment);
        } else {
            attachment->over = true;
            tare__make_stale(attachment->thread, NULL);
        }
    }
    tare__refresh(folding);
    if (scope->armed != NULL)
        folding->last_fired = tare__armed_fired(scope->armed);
    tare__armed_leave(scope->armed);
    scope->armed = NULL;
    tare__sum_leave(scope->sum);
    scope->sum = NULL;
    scope->state = TARE__SCOPE_ENDED;
    open_gate(scope);
    tare__family_changed(scope);
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
    scope->inexact = scope->final.inexact & (TARE_INEXACT_UNSETTLED | TARE_INEXACT_DEADLOCKED);
    for (struct tare__attachment *at = scope->attachments; at != NULL; at = at->next_of_scope) {
        at->base = at->taken.counters;
        if (at->thread == mine)
            TARE__STORE(at->peak, tare__net_of(&at->base));
    }
    if (scope->domain != TARE_THREAD) {
        tare__restart_sum(scope);
        for (struct tare__attachment *at = scope->attachments; at != NULL; at = at->next_of_scope)
            tare__make_stale(at->thread, mine);
    }
    tare__enter_new_eras(mine);
    tare__refresh(mine);
    return 0;
}

static void read_scope(struct tare__scope *scope, struct tare__thread *mine)
{
    fold_peaks(scope, mine);
    tare__figures(scope, &scope->final);
    if (scope->keep != NULL)
        tare__keep_scope(scope, &scope->final, scope->keep);
    scope->keep = NULL;
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

tare_scope *tare__scope_open_armed(const tare_options *options, struct tare__place place,
                                   const struct tare__arming *arming, int *error)
{
    if ((unsigned)options->domain > TARE_TASK) {
        *error = TARE_ERROR_BAD_DOMAIN;
        return NULL;
    }
    if (arming != NULL)
        tare__fault_places_look();
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
        const struct tare__scope *scope = open_scope(mine, options, place, arming);
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

tare_scope *tare__scope_open(const tare_options *options, struct tare__place place, int *error)
{
    return tare__scope_open_armed(options, place, NULL, error);
}

static int take(struct tare__thread *mine, tare_scope *handle, enum tare__take how, tare_stats *stats,
                const char **name, struct tare__keep *keep)
{
    struct tare__scope *scope = tare__scope_of(handle);
    if (scope == NULL || scope->is_run)
        return TARE_ERROR_NOT_OPEN;
    if (name != NULL)
        *name = scope->name;
    if (scope->state == TARE__SCOPE_OPEN) {
        if (tare__scope_is_threads(scope) && scope->owner != mine)
            return TARE_ERROR_WRONG_THREAD;
        bool by_handle = scope->place.block == 0;
        if (how == TARE__CLOSE && scope->domain == TARE_TASK && by_handle && scope->attachments != NULL)
            return TARE_ERROR_ENTERED;
        int error = 0;
        scope->keep = keep;
        if (how == TARE__CLOSE)
            tare__scope_end(scope, mine);
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
    tare__scope_forget_left(scope);
    tare__scope_give(scope);
    return deadlocked ? TARE_ERROR_DEADLOCK : 0;
}

/* A thread that waits for an exclusive scope may hold the loader's lock. So the
 * owner looks at the modules when the others may go on again; figures that are
 * taken before leave that to the scope around them. */
static void look_at_modules(struct tare__thread *mine, tare_scope *handle, enum tare__take how)
{
    if (TARE__LOAD(tare__gate_owner) == mine) {
        tare__gate_await_bite();
        tare__lock_acquire(&tare__registry_lock);
        struct tare__scope *scope = tare__scope_of(handle);
        if (how == TARE__CLOSE && scope != NULL && scope->owner == mine)
            open_gate(scope);
        bool still_owner = tare__gate_owner == mine;
        tare__lock_release(&tare__registry_lock);
        if (still_owner)
            return;
    }
    tare__modules_look();
}

static int take_keeping(tare_scope *handle, enum tare__take how, tare_stats *stats, const char **name,
                        struct tare__keep *keep)
{
    struct tare__thread *mine = tare__thread_mine();
    if (mine == NULL)
        return TARE_ERROR_BUSY;
    look_at_modules(mine, handle, how); /* before the lock: the loader has locks of its own */
    tare__lock_acquire(&tare__registry_lock);
    int error = take(mine, handle, how, stats, name, keep);
    tare__lock_release(&tare__registry_lock);
    tare__thread_done(mine);
    return error;
}

int tare__scope_take(tare_scope *handle, enum tare__take how, tare_stats *stats, const char **name)
{
    return take_keeping(handle, how, stats, name, NULL);
}

int tare__scope_take_keeping(tare_scope *handle, tare_stats *stats, const char **name, struct tare__keep *keep)
{
    keep->error = ENODATA;
    return take_keeping(handle, TARE__CLOSE, stats, name, keep);
}

int tare__scope_save(tare_scope *handle, struct tare__keep *keep)
{
    keep->error = ENODATA;
    return take_keeping(handle, TARE__READ, NULL, NULL, keep);
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
