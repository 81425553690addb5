/* SPDX-License-Identifier: MIT */
/* What the beginning and the end of threads, a recorded run and a fork make of
 * scopes. All of it is under the registry's lock. */
#include <string.h>

#include "capture_store.h"
#include "environment.h"
#include "gate.h"
#include "scope_parts.h"

static struct tare__scope *run_scope;

void tare__unlink_process_scope(struct tare__scope *scope)
{
    for (struct tare__scope **link = &tare__process_scopes; *link != NULL; link = &(*link)->next_process)
        if (*link == scope) {
            *link = scope->next_process;
            return;
        }
}

void tare__make_stale(struct tare__thread *thread, void *but)
{
    if (thread != but && TARE__LOAD(thread->hot->mode) != TARE__MODE_LATE)
        __atomic_store_n(&thread->hot->mode, TARE__MODE_STALE, __ATOMIC_SEQ_CST);
}

void tare__scope_restart_threads(struct tare__thread *but)
{
    tare__thread_each(tare__make_stale, but);
}

void tare__enter_new_eras(struct tare__thread *thread)
{
    for (struct tare__attachment *at = thread->attachments; at != NULL; at = at->next_of_thread) {
        if (at->over || at->era == at->scope->era)
            continue;
        struct tare__foreign foreign =
            tare__foreign_since_reset(at, &(struct tare__counted){*thread->counters, {0, 0}});
        at->foreign_base.blocks = at->foreign->blocks - foreign.blocks;
        at->foreign_base.bytes = at->foreign->bytes - foreign.bytes;
        tare__leave_era(at);
        at->era = at->scope->era;
    }
}

/* A thread that goes on in another's place counts as that does. */
static void follow_guest(struct tare__thread *thread)
{
    const struct tare__thread *lender = tare__gate_lender(thread);
    if (lender != NULL) {
        for (struct tare__attachment *at = lender->attachments; at != NULL; at = at->next_of_thread)
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
            tare__leave_era(attachment);
            tare__attachment_give(attachment);
        } else {
            link = &attachment->next_of_thread;
        }
    }
    tare__enter_new_eras(thread);
    follow_guest(thread);
    for (struct tare__scope *scope = tare__process_scopes; scope != NULL; scope = scope->next_process)
        if (tare__attachment_of(thread, scope) == NULL && tare__attach(thread, scope) == NULL)
            tare__store_mark_inexact(TARE_INEXACT_LOST);
    tare__refresh(thread);
}

void tare__scope_thread_ended(struct tare__thread *thread)
{
    while (thread->blocks != NULL)
        tare__scope_abandon(thread->blocks, thread);
    while (thread->attachments != NULL) {
        struct tare__attachment *attachment = thread->attachments;
        struct tare__scope *scope = attachment->scope;
        if (!attachment->over && scope->owner == thread && tare__scope_is_threads(scope)) {
            tare__scope_end(scope, thread);
            continue;
        }
        if (!attachment->over) {
            if (scope->owner == thread)
                scope->owner = NULL;
            tare__detach(attachment);
            continue;
        }
        thread->attachments = attachment->next_of_thread;
        tare__leave_era(attachment);
        tare__attachment_give(attachment);
    }
    tare__gate_forget(thread);
}

void tare__scope_open_run(struct tare__armed *armed)
{
    struct tare__scope *scope = tare__scope_new();
    struct tare__era *era = tare__era_new(false);
    if (scope == NULL || era == NULL) {
        tare__store_mark_inexact(TARE_INEXACT_LOST);
        return;
    }
    scope->domain = TARE_PROCESS;
    scope->is_run = true;
    scope->sites = tare__environment_sites();
    scope->era = era;
    scope->armed = armed;
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
    tare__unlink_process_scope(scope);
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
            TARE__STORE(scope->peak, before->peak);
        TARE__STORE(scope->peak, scope->peak - before->net);
        scope->net_base -= before->net;
    }
}

/* The thread's counters are 0 now; until now they stood at `before`. */
void tare__scope_rebase(struct tare__thread *thread, const struct tare__counters *before)
{
    for (struct tare__attachment *at = thread->attachments; at != NULL; at = at->next_of_thread) {
        if (before->peak > at->peak)
            TARE__STORE(at->peak, before->peak);
        TARE__STORE(at->peak, at->peak - tare__net_of(before));
        at->kept_at_close -= (int64_t)(before->allocations - before->deallocations);
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
