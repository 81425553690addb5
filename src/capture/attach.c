/* SPDX-License-Identifier: MIT */
/* Attachments of scopes to threads, the birth that follows from them, and the
 * peaks, which are kept once for a thread and handed out when its scopes change. */
#include <stddef.h>
#include <string.h>

#include "blockmap.h"
#include "capture_store.h"
#include "fault.h"
#include "pool.h"
#include "scope_parts.h"

static struct tare__attachment *free_attachments;
static struct tare__sum *free_sums;
struct tare__scope *tare__process_scopes;

static struct tare__attachment *take_attachment(void)
{
    struct tare__attachment *attachment = free_attachments;
    if (attachment == NULL)
        return tare__pool_take(sizeof *attachment);
    free_attachments = attachment->next_of_scope;
    memset(attachment, 0, offsetof(struct tare__attachment, peak));
    TARE__STORE(attachment->peak, 0); /* a thread may be reading it yet */
    return attachment;
}

void tare__attachment_give(struct tare__attachment *attachment)
{
    tare__sum_leave(attachment->sum);
    tare__armed_leave(attachment->armed);
    attachment->next_of_scope = free_attachments;
    free_attachments = attachment;
}

void tare__fold_peak(struct tare__thread *thread)
{
    struct tare__counters *counters = thread->counters;
    for (struct tare__attachment *at = thread->attachments; at != NULL; at = at->next_of_thread)
        if (counters->peak > at->peak)
            TARE__STORE(at->peak, counters->peak);
    TARE__STORE(counters->peak, tare__net_of(counters));
}

struct tare__sum *tare__sum_new(void)
{
    struct tare__sum *sum = free_sums;
    if (sum != NULL)
        free_sums = sum->next_free;
    else if ((sum = tare__pool_take(sizeof *sum)) == NULL)
        return NULL;
    TARE__STORE(sum->shared.net, 0); /* who noted a peak of the scope before may be reading it yet */
    TARE__STORE(sum->shared.peak, 0);
    sum->users = 1;
    sum->next_free = NULL;
    return sum;
}

void tare__sum_leave(struct tare__sum *sum)
{
    if (sum == NULL || --sum->users != 0)
        return;
    sum->next_free = free_sums;
    free_sums = sum;
}

/* Other threads go on: what they raise the peak to until it is set back must
 * not be missed. */
static int64_t restart_peak(struct tare__shared *shared)
{
    return __atomic_exchange_n(&shared->peak, TARE__LOAD(shared->net), __ATOMIC_RELAXED);
}

/* The run's peak is raised first, so that the store is right at any moment. */
static void fold_process_peak(void)
{
    struct tare__store *store = tare__store;
    int64_t peak = TARE__LOAD(store->shared.peak);
    if (peak > store->run_peak)
        TARE__STORE(store->run_peak, peak);
    peak = restart_peak(&store->shared);
    if (peak > store->run_peak)
        TARE__STORE(store->run_peak, peak);
    for (struct tare__scope *scope = tare__process_scopes; scope != NULL; scope = scope->next_process)
        if (peak > scope->peak)
            TARE__STORE(scope->peak, peak);
}

void tare__fold_sum(struct tare__scope *scope)
{
    if (scope->sum == NULL) {
        fold_process_peak();
        return;
    }
    int64_t peak = restart_peak(&scope->sum->shared);
    if (peak > scope->peak)
        TARE__STORE(scope->peak, peak);
}

static struct tare__shared *shared_of(const struct tare__scope *scope)
{
    return scope->sum != NULL ? &scope->sum->shared : &tare__store->shared;
}

/* Where the highest net of a scope over several threads is to be found. */
static void set_peak_source_of_sum(const struct tare__scope *scope)
{
    struct tare__era *era = scope->era;
    TARE__STORE(era->net_base, scope->net_base);
    TARE__STORE(era->peak_before, &scope->peak);
    TARE__STORE(era->peak_now, &shared_of(scope)->peak);
}

/* Also of a task that no thread has entered yet. */
void tare__restart_sum(struct tare__scope *scope)
{
    tare__fold_sum(scope);
    TARE__STORE(scope->peak, TARE__LOAD(shared_of(scope)->net));
    scope->net_base = scope->peak;
    set_peak_source_of_sum(scope);
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

/* The sums that the thread's calls add to: each once, however many scopes of the
 * process are open. */
static struct tare__share *shares_of(const struct tare__thread *thread)
{
    struct tare__share *shares = NULL;
    bool in_process = false;
    for (struct tare__attachment *at = thread->attachments; at != NULL; at = at->next_of_thread) {
        if (at->over || at->scope->domain == TARE_THREAD || (at->sum == NULL && in_process))
            continue;
        in_process |= at->sum == NULL;
        at->share = (struct tare__share){shared_of(at->scope), shares};
        shares = &at->share;
    }
    return shares;
}

/* The same of an attachment's scope. */
static void set_peak_source(struct tare__thread *thread, struct tare__attachment *at)
{
    struct tare__era *era = at->era;
    if (at->scope->domain != TARE_THREAD) {
        set_peak_source_of_sum(at->scope);
        return;
    }
    TARE__STORE(era->net_base, tare__net_of(&at->base));
    TARE__STORE(era->peak_before, &at->peak);
    TARE__STORE(era->peak_now, &thread->counters->peak);
}

static void set_what_follows(struct tare__thread *thread)
{
    struct tare__attachment *first = thread->attachments;
    thread->sites = thread->exclusive = thread->faults = false;
    thread->scope_id = 0;
    for (struct tare__attachment *at = first; at != NULL; at = at->next_of_thread)
        if (!at->over) {
            set_peak_source(thread, at);
            thread->sites |= at->scope->sites;
            thread->faults |= tare__armed_here(at->armed);
            thread->exclusive |= at->scope->shuts_gate;
            thread->scope_id = at->scope->id > thread->scope_id ? at->scope->id : thread->scope_id;
        }
    thread->hot->only_era = first != NULL && first->next_of_thread == NULL ? first->era : NULL;
}

void tare__refresh(struct tare__thread *thread)
{
    set_what_follows(thread);
    tare__thread_refresh(thread, birth_of(thread->attachments), shares_of(thread));
}

struct tare__attachment *tare__attach(struct tare__thread *thread, struct tare__scope *scope)
{
    struct tare__attachment *attachment = take_attachment();
    if (attachment == NULL)
        return NULL;
    tare__fold_peak(thread);
    attachment->scope = scope;
    attachment->thread = thread;
    attachment->era = scope->era;
    attachment->sum = scope->sum;
    if (scope->sum != NULL)
        scope->sum->users++;
    attachment->armed = tare__armed_join(scope->armed);
    attachment->base = *thread->counters;
    TARE__STORE(attachment->peak, tare__net_of(thread->counters));
    attachment->foreign = &attachment->own_foreign;
    if (scope->is_run && thread->slot != NULL)
        attachment->foreign = &thread->slot->counters.foreign;
    attachment->next_of_scope = scope->attachments;
    scope->attachments = attachment;
    attachment->next_of_thread = thread->attachments;
    thread->attachments = attachment;
    return attachment;
}

/* ---- The end of eras ------------------------------------------------------ */

#define PENDING_FOR_EVER UINT32_MAX

void tare__scope_close_era(const struct tare__scope *scope, const struct tare__thread *mine, int64_t complete_at,
                           bool exactly)
{
    struct tare__era *era = scope->era;
    if (era->peak_now != NULL) {
        TARE__STORE(era->peak_at_end, tare__era_peak(era) + era->net_base);
        TARE__STORE(era->peak_now, &era->peak_at_end);
        TARE__STORE(era->peak_before, &era->peak_at_end);
    }
    for (struct tare__attachment *at = scope->attachments; at != NULL; at = at->next_of_scope)
        if (at->thread != mine && at->era == era) {
            at->kept_at_close = tare__born_and_kept(&at->taken.counters, at->taken.foreign);
            era->pending++;
        }
    era->pending = exactly ? era->pending : PENDING_FOR_EVER; /* used again too early, its blocks would be another's */
    era->kept = complete_at;
    era->recyclable = era->pending == 0;
    tare__era_close(era, complete_at);
}

void tare__leave_era(struct tare__attachment *attachment)
{
    struct tare__era *era = attachment->era;
    const struct tare__thread *thread = attachment->thread;
    if (era->pending == 0 || era->pending == PENDING_FOR_EVER)
        return;
    if (thread->hot != tare__self) { /* gone with a fork, in the middle of a call perhaps */
        era->pending = PENDING_FOR_EVER;
        return;
    }
    era->kept += tare__born_and_kept(thread->counters, *attachment->foreign) - attachment->kept_at_close;
    if (--era->pending != 0)
        return;
    era->recyclable = true;
    tare__era_close(era, era->kept);
}

struct tare__attachment *tare__attachment_of(const struct tare__thread *thread, const struct tare__scope *scope)
{
    for (struct tare__attachment *at = thread->attachments; at != NULL; at = at->next_of_thread)
        if (at->scope == scope && !at->over)
            return at;
    return NULL;
}

void tare__detach(struct tare__attachment *attachment)
{
    struct tare__scope *scope = attachment->scope;
    scope->inexact |= tare__add_attachment(&scope->departed, attachment);
    if (attachment->era != scope->era)
        tare__leave_era(attachment);
    tare__unlink_from_thread(attachment);
    tare__unlink_from_scope(attachment);
    tare__attachment_give(attachment);
    tare__family_changed(scope);
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
