/* SPDX-License-Identifier: MIT */
#include "fault.h"

#include <string.h>

#include "callstack.h"
#include "capture_store.h"
#include "environment.h"
#include "fault_crash.h"
#include "fault_fork.h"
#include "fault_leaks.h"
#include "fault_points.h"
#include "os.h"
#include "pool.h"
#include "probe.h"
#include "scope_parts.h"

/* A place for a breakpoint: each injected failure calls it, on the thread and below the call that
 * fails. It does nothing, and is called all the same. */
TARE__EXPORT __attribute__((noinline, used)) void tare_fault_here(void)
{
    __asm__ volatile("" ::: "memory");
}

/* ---- Arming ----------------------------------------------------------------------- */

static struct tare__armed *free_armed;

/* The part without modules and points, which a plan by itself does not need. */
#define HEAD_BYTES offsetof(struct tare__faults, modules)

static struct tare__faults *own_faults(struct tare__armed *armed)
{
    if (armed->owns)
        return armed->faults;
    armed->faults = tare__pool_take(HEAD_BYTES);
    armed->owns = armed->faults != NULL;
    return armed->faults;
}

/* One of tare's own memory is used again for such a one. */
static struct tare__armed *take_armed(bool owns)
{
    for (struct tare__armed **link = &free_armed; *link != NULL; link = &(*link)->next_free)
        if ((*link)->owns == owns) {
            struct tare__armed *armed = *link;
            *link = armed->next_free;
            return armed;
        }
    return tare__pool_take(sizeof(struct tare__armed));
}

static void give_armed(struct tare__armed *armed)
{
    armed->next_free = free_armed;
    free_armed = armed;
}

struct tare__armed *tare__armed_new(const struct tare__arming *arming)
{
    struct tare__armed *armed = take_armed(arming->faults == NULL);
    if (armed == NULL)
        return NULL;
    if (arming->faults != NULL) {
        armed->faults = arming->faults;
    } else if (own_faults(armed) != NULL) {
        memset(armed->faults, 0, HEAD_BYTES);
    } else {
        give_armed(armed);
        return NULL;
    }
    armed->faults->plan = arming->plan;
    armed->faults->images = 1;
    armed->ranges = arming->ranges;
    armed->ranges_bytes = arming->ranges_bytes;
    armed->range_count = arming->range_count;
    armed->run = arming->run;
    armed->pid = tare__process_pid;
    armed->users = 1;
    return armed;
}

struct tare__armed *tare__armed_join(struct tare__armed *armed)
{
    if (armed != NULL)
        armed->users++;
    return armed;
}

void tare__armed_leave(struct tare__armed *armed)
{
    if (armed == NULL || --armed->users != 0)
        return;
    if (armed->ranges_bytes != 0)
        tare__os_unmap(armed->ranges, armed->ranges_bytes);
    armed->ranges_bytes = 0;
    give_armed(armed);
}

bool tare__armed_here(const struct tare__armed *armed)
{
    return armed != NULL && armed->pid == tare__process_pid;
}

uint64_t tare__armed_fired(const struct tare__armed *armed)
{
    return TARE__LOAD(armed->faults->fired);
}

/* ---- The run's -------------------------------------------------------------------- */

static bool is_ours(const struct tare__faults *faults)
{
    return memcmp(faults->magic, TARE__FAULTS_MAGIC, sizeof faults->magic) == 0 && faults->bytes == sizeof *faults;
}

/* The first process that comes has it, and keeps it when it execs. */
static bool claim(struct tare__faults *faults)
{
    uint32_t nobody = 0, mine = (uint32_t)tare__process_pid;
    return __atomic_compare_exchange_n(&faults->pid, &nobody, mine, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE) ||
           nobody == mine;
}

static struct tare__armed of_run;
static struct tare__faults *run_faults; /* of_run's, until a copy has some of its own */

struct tare__armed *tare__fault_start(void)
{
    const char *path = tare__environment_get(TARE__ENVIRONMENT_FAULTS);
    struct tare__faults *faults = path != NULL ? tare__os_map_file(path, sizeof *faults) : NULL;
    if (faults == NULL)
        return NULL;
    if (!is_ours(faults) || !claim(faults)) {
        tare__os_unmap(faults, sizeof *faults);
        return NULL;
    }
    faults->images++;
    of_run = (struct tare__armed){.faults = faults, .run = &faults->run, .pid = tare__process_pid, .users = 1};
    run_faults = faults;
    if (faults->plan.kind == TARE__FAULT_FORK)
        tare__fault_fork_begins();
    return &of_run;
}

void tare__fault_program_ends(void)
{
    if (!tare__armed_here(&of_run) || of_run.faults->plan.kind == TARE__FAULT_FORK)
        return;
    struct tare__thread *mine = tare__thread_mine();
    if (mine == NULL)
        return;
    tare__fault_leaks(run_faults, of_run.faults->plan.kind == TARE__FAULT_COUNT ? NULL : of_run.run, NULL);
    tare__thread_done(mine);
}

void tare__fault_program_starts(void)
{
    if (of_run.faults != NULL)
        tare__fault_places_look();
}

/* ---- Calls ------------------------------------------------------------------------ */

static bool is_due(uint64_t ordinal, uint64_t first, uint64_t in_a_row)
{
    return ordinal >= first && ordinal - first < in_a_row;
}

/* The same for the same seed and ordinal, on whatever thread. */
static bool is_drawn(const struct tare__fault_plan *plan, uint64_t ordinal)
{
    uint64_t x = plan->seed + ordinal * UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return (x ^ x >> 31) >> 32 < plan->target;
}

static int64_t live_bytes(const struct tare__attachment *at)
{
    const struct tare__scope *scope = at->scope;
    if (scope->domain == TARE_THREAD)
        return tare__net_of(at->thread->counters) - tare__net_of(&at->base);
    const struct tare__shared *shared = scope->sum != NULL ? &scope->sum->shared : &tare__store->shared;
    return TARE__LOAD(shared->net) - scope->net_base;
}

/* The first of a stack that has come has in_a_row from there on. */
static bool stack_is_due(struct tare__faults *faults, uint64_t id, uint64_t ordinal)
{
    uint64_t none = 0, first = TARE__LOAD(faults->fired_at);
    if (first == 0 && id == faults->plan.target)
        first =
            __atomic_compare_exchange_n(&faults->fired_at, &none, ordinal, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)
                ? ordinal
                : none;
    return first != 0 && is_due(ordinal, first, faults->plan.in_a_row);
}

static bool is_to_fail(struct tare__hot *hot, const struct tare__attachment *at,
                       const struct tare__fault_caller *caller, uint64_t ordinal, struct tare__fault_call call)
{
    const struct tare__armed *armed = at->armed;
    struct tare__faults *faults = armed->faults;
    const struct tare__fault_plan *plan = &faults->plan;
    struct tare__fault_point *point;
    bool made;
    switch ((enum tare__fault_kind)plan->kind) {
    case TARE__FAULT_NTH:
        return is_due(ordinal, plan->target, plan->in_a_row);
    case TARE__FAULT_STACK:
        return stack_is_due(faults, caller->id, ordinal);
    case TARE__FAULT_OVER:
        return call.size > call.old_size &&
               live_bytes(at) + (int64_t)(call.size - call.old_size) > (int64_t)plan->target;
    case TARE__FAULT_RANDOM:
        return is_drawn(plan, ordinal);
    case TARE__FAULT_RANGES:
        return tare__fault_is_within(caller->frame, armed->ranges, armed->range_count);
    case TARE__FAULT_COUNT:
        tare__fault_note(faults, caller, plan->by_ordinal ? ordinal : caller->id, ordinal, call.size, &made);
        break;
    case TARE__FAULT_FORK:
        point = tare__fault_note(faults, caller, plan->by_ordinal ? ordinal : caller->id, ordinal, call.size, &made);
        return point != NULL && TARE__LOAD(point->hits) == 1 && tare__fault_fork(at->armed, point, ordinal, hot);
    }
    return false;
}

static void note_fired(const struct tare__armed *armed, const struct tare__fault_caller *caller, uint64_t ordinal)
{
    struct tare__faults *faults = armed->faults;
    uint64_t none = 0;
    __atomic_compare_exchange_n(&faults->fired_at, &none, ordinal, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    if (__atomic_add_fetch(&faults->fired, 1, __ATOMIC_RELAXED) == 1 && !armed->owns)
        tare__fault_copy_stack(faults, caller->frame, &faults->fired_stack);
    if (armed->run != NULL)
        __atomic_add_fetch(&armed->run->fired, 1, __ATOMIC_RELAXED);
    if (armed == &of_run)
        tare__fault_catch(&armed->run->stack);
}

/* The stack of the first, unless the program does so by itself. */
static void note_bad_free(struct tare__hot *hot, const struct tare__armed *armed, uintptr_t frame)
{
    struct tare__fault_run *run = armed->run;
    if (run != NULL && __atomic_fetch_add(&run->bad_frees, 1, __ATOMIC_RELAXED) == 0 && run->fired != 0)
        tare__fault_copy_stack(armed == &of_run ? run_faults : armed->faults, tare__callstack(hot->thread, frame),
                               &run->stack);
}

void tare__fault_bad_free(struct tare__hot *hot, uintptr_t frame)
{
    if (TARE__LOAD(hot->mode) == TARE__MODE_LATE)
        return;
    for (const struct tare__attachment *at = hot->thread->attachments; at != NULL; at = at->next_of_thread)
        if (tare__armed_here(at->armed) && !TARE__LOAD(at->over))
            note_bad_free(hot, at->armed, frame);
}

/* Whether a plan has it fail. What is only listed has no ordinal, and is told by its stack. */
static bool comes_by(struct tare__hot *hot, const struct tare__attachment *at, const struct tare__fault_caller *caller,
                     struct tare__fault_call call)
{
    struct tare__faults *faults = at->armed->faults;
    const struct tare__fault_plan *plan = &faults->plan;
    bool made;
    if (call.size < plan->size_low || call.size > plan->size_high)
        return false;
    if (caller->place >= TARE__FAULT_IN_LOADER && !plan->everywhere) {
        if (plan->kind == TARE__FAULT_COUNT || plan->kind == TARE__FAULT_FORK)
            tare__fault_note(faults, caller, caller->id, 0, call.size, &made);
        return false;
    }
    uint64_t ordinal = __atomic_add_fetch(&faults->seen, 1, __ATOMIC_RELAXED);
    if (!is_to_fail(hot, at, caller, ordinal, call))
        return false;
    note_fired(at->armed, caller, ordinal);
    if (TARE__LISTENED(failure))
        tare__probe_tare_fault_injected(call.size, ordinal, at->scope->id);
    return true;
}

/* A block that a jump has left spares nothing any more. */
static bool is_spared(struct tare__thread *thread, uintptr_t frame)
{
    if (thread->spared != 0 && frame > thread->spared)
        thread->spared = 0;
    return thread->spared != 0;
}

TARE__COLD bool tare__fault_comes_to(struct tare__hot *hot, struct tare__fault_call call)
{
    if (TARE__LOAD(hot->mode) == TARE__MODE_LATE || is_spared(hot->thread, hot->guard))
        return false;
    const struct tare__fault_caller caller = tare__fault_caller(hot, call.resizes);
    bool comes = false;
    for (const struct tare__attachment *at = hot->thread->attachments; at != NULL; at = at->next_of_thread)
        if (tare__armed_here(at->armed) && !TARE__LOAD(at->over))
            comes |= comes_by(hot, at, &caller, call);
    if (comes)
        tare_fault_here();
    return comes;
}

bool tare__fault_is_open(uint64_t *fired)
{
    bool is_open = false;
    *fired = 0;
    struct tare__thread *mine = tare__thread_mine();
    if (mine == NULL)
        return false;
    tare__lock_acquire(&tare__registry_lock);
    *fired = mine->last_fired;
    for (const struct tare__attachment *at = mine->attachments; at != NULL && !is_open; at = at->next_of_thread) {
        is_open = tare__armed_here(at->armed) && !at->over && !at->scope->is_run;
        if (is_open)
            *fired = tare__armed_fired(at->armed);
    }
    tare__lock_release(&tare__registry_lock);
    tare__thread_done(mine);
    return is_open;
}

void tare__fault_forget_fired(void)
{
    struct tare__thread *mine = tare__thread_mine();
    if (mine == NULL)
        return;
    mine->last_fired = 0;
    tare__thread_done(mine);
}

uintptr_t tare__fault_spare(uintptr_t frame)
{
    struct tare__thread *mine = tare__thread_mine();
    if (mine == NULL)
        return 0;
    uintptr_t before = mine->spared;
    mine->spared = frame;
    tare__thread_done(mine);
    return before;
}
