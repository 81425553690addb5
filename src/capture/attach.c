/* SPDX-License-Identifier: MIT */
/* Attachments of scopes to threads, the birth that follows from them, and the
 * peaks, which are kept once for a thread and handed out when its scopes change. */
#include <string.h>

#include "blockmap.h"
#include "capture_store.h"
#include "pool.h"
#include "scope_parts.h"

static struct tare__attachment *free_attachments;
struct tare__scope *tare__process_scopes;

static struct tare__attachment *take_attachment(void)
{
    struct tare__attachment *attachment = free_attachments;
    if (attachment == NULL)
        return tare__pool_take(sizeof *attachment);
    free_attachments = attachment->next_of_scope;
    memset(attachment, 0, sizeof *attachment);
    return attachment;
}

void tare__attachment_give(struct tare__attachment *attachment)
{
    attachment->next_of_scope = free_attachments;
    free_attachments = attachment;
}

void tare__fold_peak(struct tare__thread *thread)
{
    struct tare__counters *counters = thread->counters;
    for (struct tare__attachment *at = thread->attachments; at != NULL; at = at->next_of_thread)
        if (counters->peak > at->peak)
            at->peak = counters->peak;
    counters->peak = tare__net_of(counters);
}

/* Other threads go on: what they raise the peak to until it is set back must
 * not be missed. And the run's peak is raised first, so that the store is right
 * at any moment. */
void tare__fold_shared_peak(void)
{
    struct tare__store *store = tare__store;
    int64_t peak = TARE__LOAD(store->shared.peak);
    if (peak > store->run_peak)
        TARE__STORE(store->run_peak, peak);
    peak = __atomic_exchange_n(&store->shared.peak, TARE__LOAD(store->shared.net), __ATOMIC_RELAXED);
    if (peak > store->run_peak)
        TARE__STORE(store->run_peak, peak);
    for (struct tare__scope *scope = tare__process_scopes; scope != NULL; scope = scope->next_process)
        if (peak > scope->peak)
            scope->peak = peak;
}

/* The thread's birth, made from its attachments: the newest is the head. */
static uint32_t birth_of(const struct tare__attachment *attachment)
{
    if (attachment == NULL)
        return TARE__BIRTH_NONE;
    uint32_t parent = birth_of(attachment->next_of_thread);
    uint32_t birth = tare__birth_of(attachment->era, parent);
    if (birth == TARE__BIRTH_NONE) {
        tare__store_mark_inexact(TARE_INEXACT_LOST);
        return parent;
    }
    return birth;
}

void tare__refresh(struct tare__thread *thread)
{
    tare__thread_refresh(thread, birth_of(thread->attachments));
}

bool tare__attach(struct tare__thread *thread, struct tare__scope *scope)
{
    struct tare__attachment *attachment = take_attachment();
    if (attachment == NULL)
        return false;
    tare__fold_peak(thread);
    attachment->scope = scope;
    attachment->thread = thread;
    attachment->era = scope->era;
    attachment->shared = scope->domain != TARE_THREAD;
    attachment->base = *thread->counters;
    attachment->peak = tare__net_of(thread->counters);
    attachment->foreign = &attachment->own_foreign;
    if (scope->is_run && thread->slot != NULL)
        attachment->foreign = &thread->slot->counters.foreign;
    attachment->next_of_scope = scope->attachments;
    scope->attachments = attachment;
    attachment->next_of_thread = thread->attachments;
    thread->attachments = attachment;
    return true;
}

void tare__unlink_from_thread(struct tare__attachment *attachment)
{
    struct tare__attachment **link = &attachment->thread->attachments;
    while (*link != attachment)
        link = &(*link)->next_of_thread;
    *link = attachment->next_of_thread;
}

void tare__unlink_from_scope(struct tare__attachment *attachment)
{
    struct tare__attachment **link = &attachment->scope->attachments;
    while (*link != attachment)
        link = &(*link)->next_of_scope;
    *link = attachment->next_of_scope;
}
