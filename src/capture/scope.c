/* SPDX-License-Identifier: MIT */
#include "scope.h"

#include <string.h>

#include "blockmap.h"
#include "canary.h"
#include "capture_store.h"
#include "modules.h"
#include "pool.h"
#include "start.h"

enum state {
    FREE,
    OPEN,
    ENDED /* its thread ended, or a jump left it: the figures are in final until it is closed */
};

struct tare__scope {
    uint64_t generation; /* raised at each use; part of the handle, so that an old one is recognised */
    enum state state;
    tare_domain domain;
    uint32_t inexact; /* TARE_INEXACT_* bits that no counter stands for */
    bool is_run;      /* the scope of a recorded run: its figures are read from the store */
    const char *name;
    struct tare__thread *owner;
    struct tare__era *era;
    struct tare__attachment *attachments;
    struct tare__place place;
    struct tare__scope *next_block;   /* of the owner's open blocks */
    struct tare__scope *next_process; /* of the open scopes over all threads */
    struct tare__scope *next_free;
    struct tare__scope *next_left; /* of the scopes that a jump left */
    uint32_t index;

    /* Over several threads: */
    struct tare__counted departed; /* what threads counted that are attached no more */
    int64_t net_base;              /* shared.net at the start */
    int64_t peak;                  /* highest shared.net, up to the last change of such scopes */

    tare_stats final;
};

/* Handles: generation above, index + 1 below. Never dereferenced. */
#define INDEX_BITS 24
#define SCOPES_MAX ((1u << INDEX_BITS) - 1)
#define CHUNK_BITS 6
#define CHUNK_SCOPES (1u << CHUNK_BITS)

static struct tare__scope *chunks[(SCOPES_MAX >> CHUNK_BITS) + 1];
static uint32_t scope_count;
static struct tare__scope *free_scopes;
static struct tare__attachment *free_attachments;
static struct tare__scope *process_scopes;
static struct tare__scope *run_scope;

/* Scopes that a jump left and whose closing may yet come (a coroutine looks
 * like that too) are kept this long. */
#define LEFT_MAX 64u
static struct tare__scope *left_scopes;
static uint32_t left_count;

/* ---- Handles ------------------------------------------------------------ */

static tare_scope *handle_of(const struct tare__scope *scope)
{
    return (tare_scope *)(uintptr_t)(scope->generation << INDEX_BITS | (scope->index + 1));
}

static struct tare__scope *scope_of(tare_scope *handle)
{
    uint64_t bits = (uintptr_t)handle;
    uint32_t index = (uint32_t)(bits & SCOPES_MAX) - 1;
    if (index >= scope_count)
        return NULL;
    struct tare__scope *scope = &chunks[index >> CHUNK_BITS][index & (CHUNK_SCOPES - 1)];
    return scope->generation == bits >> INDEX_BITS && scope->state != FREE ? scope : NULL;
}

static struct tare__scope *take_scope(void)
{
    struct tare__scope *scope = free_scopes;
    if (scope != NULL) {
        free_scopes = scope->next_free;
    } else {
        if (scope_count == SCOPES_MAX)
            return NULL;
        struct tare__scope **chunk = &chunks[scope_count >> CHUNK_BITS];
        if (*chunk == NULL && (*chunk = tare__pool_take(CHUNK_SCOPES * sizeof **chunk)) == NULL)
            return NULL;
        scope = &(*chunk)[scope_count & (CHUNK_SCOPES - 1)];
        scope->index = scope_count++;
    }
    uint32_t index = scope->index;
    uint64_t generation = scope->generation;
    memset(scope, 0, sizeof *scope);
    scope->index = index;
    scope->generation = generation + 1;
    scope->state = OPEN;
    return scope;
}

static void give_scope(struct tare__scope *scope)
{
    scope->state = FREE;
    scope->next_free = free_scopes;
    free_scopes = scope;
}

static struct tare__attachment *take_attachment(void)
{
    struct tare__attachment *attachment = free_attachments;
    if (attachment == NULL)
        return tare__pool_take(sizeof *attachment);
    free_attachments = attachment->next_of_scope;
    memset(attachment, 0, sizeof *attachment);
    return attachment;
}

static void give_attachment(struct tare__attachment *attachment)
{
    attachment->next_of_scope = free_attachments;
    free_attachments = attachment;
}

/* ---- Peaks -------------------------------------------------------------- */

static int64_t net_of(const struct tare__counters *counters)
{
    return (int64_t)(counters->bytes_allocated - counters->bytes_deallocated);
}

/* Hands the thread's peak so far to every scope attached to it, and starts it
 * anew from where the net is now. */
static void fold_peak(struct tare__thread *thread)
{
    struct tare__counters *counters = thread->counters;
    for (struct tare__attachment *at = thread->attachments; at != NULL; at = at->next_of_thread)
        if (counters->peak > at->peak)
            at->peak = counters->peak;
    counters->peak = net_of(counters);
}

/* The same for what all threads share. The run's peak is raised before the
 * shared one is set back, so that it can be read at any moment. */
static void fold_shared_peak(void)
{
    struct tare__shared *shared = &tare__store->shared;
    int64_t peak = TARE__LOAD(shared->peak);
    for (struct tare__scope *scope = process_scopes; scope != NULL; scope = scope->next_process)
        if (peak > scope->peak)
            scope->peak = peak;
    if (peak > tare__store->run_peak)
        TARE__STORE(tare__store->run_peak, peak);
    TARE__STORE(shared->peak, TARE__LOAD(shared->net));
}

/* ---- Attaching ---------------------------------------------------------- */

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

static void refresh(struct tare__thread *thread)
{
    tare__thread_refresh(thread, birth_of(thread->attachments));
}

/* The calling thread, its guard set. */
static bool attach(struct tare__thread *thread, struct tare__scope *scope)
{
    struct tare__attachment *attachment = take_attachment();
    if (attachment == NULL)
        return false;
    fold_peak(thread);
    attachment->scope = scope;
    attachment->thread = thread;
    attachment->era = scope->era;
    attachment->shared = scope->domain != TARE_THREAD;
    attachment->base = *thread->counters;
    attachment->peak = net_of(thread->counters);
    attachment->foreign = &attachment->own_foreign;
    if (scope->is_run && thread->slot != NULL)
        attachment->foreign = &thread->slot->counters.foreign;
    attachment->next_of_scope = scope->attachments;
    scope->attachments = attachment;
    attachment->next_of_thread = thread->attachments;
    thread->attachments = attachment;
    return true;
}

static void unlink_from_thread(struct tare__attachment *attachment)
{
    struct tare__attachment **link = &attachment->thread->attachments;
    while (*link != attachment)
        link = &(*link)->next_of_thread;
    *link = attachment->next_of_thread;
}

static void unlink_from_scope(struct tare__attachment *attachment)
{
    struct tare__attachment **link = &attachment->scope->attachments;
    while (*link != attachment)
        link = &(*link)->next_of_scope;
    *link = attachment->next_of_scope;
}

/* ---- Figures ------------------------------------------------------------ */

/* Adds what an attachment has counted. Returns what makes that inexact. */
static uint32_t add_attachment(struct tare__counted *sum, const struct tare__attachment *attachment)
{
    struct tare__counted now;
    bool settled = tare__counters_copy(attachment->thread->counters, attachment->foreign, &now);
#define ADD(name) sum->counters.name += now.counters.name - attachment->base.name;
    TARE__COUNTERS(ADD)
#undef ADD
    sum->foreign.blocks += now.foreign.blocks;
    sum->foreign.bytes += now.foreign.bytes;
    return settled ? 0 : TARE_INEXACT_UNSETTLED;
}

/* The scope's figures now. Returns the deallocations at which nothing born in
 * it is left, to close its era with. */
static int64_t figures(const struct tare__scope *scope, tare_stats *stats)
{
    struct tare__counted all = scope->departed;
    uint32_t inexact = TARE__LOAD(tare__store->inexact) | tare__modules_inexact() | scope->inexact;
    int64_t peak = scope->peak - scope->net_base;
    for (const struct tare__attachment *at = scope->attachments; at != NULL; at = at->next_of_scope) {
        inexact |= add_attachment(&all, at);
        if (scope->domain == TARE_THREAD)
            peak = at->peak - net_of(&at->base);
    }
    const struct tare__counters sum = all.counters;
    inexact |= sum.unknown_blocks != 0 ? TARE_INEXACT_UNKNOWN_BLOCK : 0u;
    inexact |= sum.lost_blocks != 0 ? TARE_INEXACT_LOST : 0u;
    inexact |= sum.reentered_calls != 0 ? TARE_INEXACT_REENTERED : 0u;

    int64_t born_and_not_freed_here = (int64_t)(sum.allocations - sum.deallocations) + all.foreign.blocks;
    int64_t bytes_kept = (int64_t)(sum.bytes_allocated - sum.bytes_deallocated) - all.foreign.bytes;
    int64_t elsewhere_blocks = __atomic_load_n(&scope->era->elsewhere_blocks, __ATOMIC_SEQ_CST);
    int64_t elsewhere_bytes = __atomic_load_n(&scope->era->elsewhere_bytes, __ATOMIC_SEQ_CST);

    *stats = (tare_stats){
        .allocations = sum.allocations,
        .deallocations = sum.deallocations,
        .reallocations = sum.reallocations,
        .bytes_allocated = sum.bytes_allocated,
        .bytes_deallocated = sum.bytes_deallocated,
        .bytes_reallocated = (int64_t)sum.bytes_reallocated,
        .peak_bytes = peak > 0 ? (uint64_t)peak : 0,
        .leaked_allocations = (uint64_t)(born_and_not_freed_here - elsewhere_blocks),
        .leaked_bytes = (uint64_t)(bytes_kept + elsewhere_bytes),
        .failed_allocations = sum.failed_allocations,
        .inexact = inexact,
    };
    return born_and_not_freed_here;
}

/* ---- Opening and ending, under the lock --------------------------------- */

static void make_stale(struct tare__thread *thread, void *mine)
{
    if (thread != mine && thread->hot->mode != TARE__MODE_LATE)
        __atomic_store_n(&thread->hot->mode, TARE__MODE_STALE, __ATOMIC_SEQ_CST);
}

void tare__scope_restart_threads(void)
{
    tare__thread_each(make_stale, NULL);
}

static void begin_shared(struct tare__scope *scope)
{
    fold_shared_peak();
    scope->net_base = scope->peak = TARE__LOAD(tare__store->shared.net);
}

static struct tare__scope *open_scope(struct tare__thread *mine, const tare_options *options)
{
    struct tare__scope *scope = take_scope();
    if (scope == NULL)
        return NULL;
    scope->owner = mine;
    scope->name = options->name;
    scope->domain = options->domain;
    scope->era = tare__era_new(scope->domain == TARE_THREAD);
    if (scope->era == NULL || !attach(mine, scope)) {
        if (scope->era != NULL)
            tare__era_close(scope->era, 0);
        give_scope(scope);
        return NULL;
    }
    if (scope->domain != TARE_THREAD) {
        begin_shared(scope);
        scope->next_process = process_scopes;
        __atomic_store_n(&process_scopes, scope, __ATOMIC_SEQ_CST);
        tare__thread_each(make_stale, mine);
    }
    refresh(mine);
    return scope;
}

static void unlink_process_scope(struct tare__scope *scope)
{
    for (struct tare__scope **link = &process_scopes; *link != NULL; link = &(*link)->next_process)
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

/* Takes the figures and closes the era. A scope over several threads that only
 * this one is attached to has no call on its way either, so its era can be used
 * again. Where calls were half counted, nobody knows when its last block is gone:
 * used again too early, it would make blocks of this scope another's. */
static void close_era(struct tare__scope *scope, const struct tare__thread *mine, tare_stats *stats)
{
    const struct tare__attachment *only = scope->attachments;
    if (only != NULL && only->thread == mine && only->next_of_scope == NULL)
        scope->era->recyclable = true;
    int64_t complete_at = figures(scope, stats);
    if (stats->inexact & (TARE_INEXACT_REENTERED | TARE_INEXACT_UNSETTLED))
        scope->era->recyclable = false;
    tare__era_close(scope->era, complete_at);
}

/* Takes the figures for good and leaves every thread; those of others detach
 * themselves before their next call. */
static void end_scope(struct tare__scope *scope, struct tare__thread *mine)
{
    struct tare__thread *folding = scope->domain == TARE_THREAD ? scope->owner : mine;
    fold_peak(folding);
    if (scope->domain != TARE_THREAD)
        fold_shared_peak();
    close_era(scope, folding, &scope->final);
    unlink_process_scope(scope);
    unlink_block(scope);
    while (scope->attachments != NULL) {
        struct tare__attachment *attachment = scope->attachments;
        scope->attachments = attachment->next_of_scope;
        if (attachment->thread == folding) {
            unlink_from_thread(attachment);
            give_attachment(attachment);
        } else {
            attachment->over = true;
            make_stale(attachment->thread, NULL);
        }
    }
    refresh(folding);
    scope->state = ENDED;
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
    give_scope(*last);
    *last = NULL;
    left_count--;
}

/* A block of this thread is open in a frame that is gone, or was entered anew
 * while open: a jump left it. */
static void leave_abandoned(struct tare__thread *mine, struct tare__place place)
{
    for (struct tare__scope *scope = mine->blocks, *next; scope != NULL; scope = next) {
        next = scope->next_block;
        if (scope->place.block >= place.frame && scope->place.block != place.block)
            continue;
        abandon(scope, mine);
    }
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

static int reset_scope(struct tare__scope *scope, struct tare__thread *mine)
{
    struct tare__era *era = tare__era_new(scope->domain == TARE_THREAD);
    if (era == NULL)
        return TARE_ERROR_NO_MEMORY;
    tare_stats discarded;
    close_era(scope, mine, &discarded);
    scope->era = era;
    memset(&scope->departed, 0, sizeof scope->departed);
    scope->inexact = 0;
    struct tare__attachment *own = NULL;
    while (scope->attachments != NULL) {
        struct tare__attachment *attachment = scope->attachments;
        scope->attachments = attachment->next_of_scope;
        if (attachment->thread == mine) {
            own = attachment;
        } else {
            attachment->over = true; /* and it will attach itself to the new era */
            make_stale(attachment->thread, NULL);
        }
    }
    if (scope->domain != TARE_THREAD) {
        begin_shared(scope);
        tare__thread_each(make_stale, mine);
    }
    if (own != NULL) {
        own->era = era;
        own->next_of_scope = NULL;
        scope->attachments = own;
        fold_peak(mine);
        own->base = *mine->counters;
        own->peak = net_of(mine->counters);
        own->own_foreign = (struct tare__foreign){0, 0};
        refresh(mine);
    }
    return 0;
}

/* ---- For threads, the run and fork -------------------------------------- */

static bool is_attached_to(const struct tare__thread *thread, const struct tare__scope *scope)
{
    for (const struct tare__attachment *at = thread->attachments; at != NULL; at = at->next_of_thread)
        if (at->scope == scope && at->era == scope->era && !at->over)
            return true;
    return false;
}

void tare__scope_sync(struct tare__thread *thread)
{
    fold_peak(thread);
    for (struct tare__attachment **link = &thread->attachments; *link != NULL;) {
        struct tare__attachment *attachment = *link;
        if (attachment->over) {
            *link = attachment->next_of_thread;
            give_attachment(attachment);
        } else {
            link = &attachment->next_of_thread;
        }
    }
    for (struct tare__scope *scope = process_scopes; scope != NULL; scope = scope->next_process)
        if (!is_attached_to(thread, scope) && !attach(thread, scope))
            tare__store_mark_inexact(TARE_INEXACT_LOST);
    refresh(thread);
}

void tare__scope_thread_ended(struct tare__thread *thread)
{
    while (thread->blocks != NULL)
        abandon(thread->blocks, thread);
    while (thread->attachments != NULL) {
        struct tare__attachment *attachment = thread->attachments;
        struct tare__scope *scope = attachment->scope;
        if (!attachment->over && scope->domain == TARE_THREAD) {
            end_scope(scope, thread);
            continue;
        }
        thread->attachments = attachment->next_of_thread;
        if (!attachment->over) {
            scope->inexact |= add_attachment(&scope->departed, attachment);
            unlink_from_scope(attachment);
        }
        give_attachment(attachment);
    }
}

void tare__scope_open_run(void)
{
    struct tare__scope *scope = take_scope();
    struct tare__era *era = tare__era_new(false);
    if (scope == NULL || era == NULL) {
        tare__store_mark_inexact(TARE_INEXACT_LOST);
        return;
    }
    scope->domain = TARE_PROCESS;
    scope->is_run = true;
    scope->era = era;
    begin_shared(scope);
    scope->next_process = process_scopes;
    process_scopes = scope;
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
        unlink_from_thread(attachment);
        give_attachment(attachment);
    }
    give_scope(scope);
}

void tare__scope_rebase_shared(const struct tare__shared *before)
{
    for (struct tare__scope *scope = process_scopes; scope != NULL; scope = scope->next_process) {
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
        at->peak -= net_of(before);
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

tare_scope *tare__scope_open(const tare_options *options, struct tare__place place, int *error)
{
    if (options->domain != TARE_THREAD && options->domain != TARE_PROCESS) {
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
        tare__lock_acquire(&tare__registry_lock);
        if (place.block != 0)
            leave_abandoned(mine, place);
        struct tare__scope *scope = open_scope(mine, options);
        *error = scope != NULL ? 0 : TARE_ERROR_NO_MEMORY;
        if (scope != NULL) {
            handle = handle_of(scope);
            scope->place = place;
            if (place.block != 0) {
                scope->next_block = mine->blocks;
                mine->blocks = scope;
            }
        }
        tare__lock_release(&tare__registry_lock);
    }
    tare__thread_done(mine);
    return handle;
}

static int take(struct tare__thread *mine, tare_scope *handle, enum tare__take how, tare_stats *stats)
{
    struct tare__scope *scope = scope_of(handle);
    if (scope == NULL || scope->is_run)
        return TARE_ERROR_NOT_OPEN;
    if (scope->state == OPEN) {
        if (scope->domain == TARE_THREAD && scope->owner != mine)
            return TARE_ERROR_WRONG_THREAD;
        fold_peak(mine);
        if (scope->domain != TARE_THREAD)
            fold_shared_peak();
        if (how == TARE__CLOSE)
            end_scope(scope, mine);
        else
            figures(scope, &scope->final);
    }
    if (stats != NULL)
        *stats = scope->final;
    if (how == TARE__RESET && scope->state == OPEN)
        return reset_scope(scope, mine);
    if (how == TARE__CLOSE) {
        forget_left(scope);
        give_scope(scope);
    }
    return 0;
}

int tare__scope_take(tare_scope *handle, enum tare__take how, tare_stats *stats)
{
    struct tare__thread *mine = tare__thread_mine();
    if (mine == NULL)
        return TARE_ERROR_BUSY;
    tare__modules_look(); /* before the lock: the loader has locks of its own */
    tare__lock_acquire(&tare__registry_lock);
    int error = take(mine, handle, how, stats);
    tare__lock_release(&tare__registry_lock);
    tare__thread_done(mine);
    return error;
}

const char *tare__scope_name(tare_scope *handle)
{
    const struct tare__scope *scope = scope_of(handle);
    return scope != NULL ? scope->name : NULL;
}
