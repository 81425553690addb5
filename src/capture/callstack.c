/* SPDX-License-Identifier: MIT */
/*
 * A walk goes from the innermost frame out, ids from the outermost in. So the frames
 * of a walk are noted in between: with the thread's last walk (last_walk.h), or here,
 * a part of the stack at a time and the outermost first, which takes nothing but a
 * little of the thread's own stack. That is for threads past their end, for libgcc's
 * unwinder, for a handler on a stack of its own that comes upon a walk, and for when
 * memory is short.
 */
#include "callstack.h"

#include <string.h>

#include "environment.h"
#include "frames.h"
#include "last_walk.h"
#include "unwinder.h"

#define ENVIRONMENT_UNWIND "TARE_UNWIND"
#define ENVIRONMENT_DEPTH "TARE_STACK_DEPTH"

enum way { TABLES, FRAME_POINTERS, SLOW };

static enum way way;
uint32_t tare__callstack_depth_max = UINT32_MAX;

/* ---- What the environment says ------------------------------------------------ */

static void read_way(const char *value)
{
    static const char *const names[] = {"tables", "frame-pointers", "slow"};
    for (unsigned i = 0; value != NULL && i < sizeof names / sizeof *names; i++)
        if (strcmp(value, names[i]) == 0)
            way = (enum way)i;
}

static void read_depth(const char *value)
{
    uint64_t depth = 0;
    if (value == NULL || *value == '\0')
        return;
    for (; *value >= '0' && *value <= '9' && depth <= UINT32_MAX; value++)
        depth = depth * 10 + (unsigned)(*value - '0');
    if (*value == '\0' && depth > 0 && depth <= UINT32_MAX)
        tare__callstack_depth_max = (uint32_t)depth;
}

void tare__callstack_start(void)
{
    read_way(tare__environment_get(ENVIRONMENT_UNWIND));
    read_depth(tare__environment_get(ENVIRONMENT_DEPTH));
    tare__module_records_start();
}

/* ---- A part of a stack ---------------------------------------------------------- */

enum { PART = 32 };

struct part {
    uint32_t skip, count; /* how many inner frames are left out; how many frames there were */
    uint32_t exact;       /* a bit for each of the addresses */
    uintptr_t addresses[PART];
};

static void mark_exact(struct part *part, uint32_t index)
{
    if (index >= part->skip && index - part->skip < PART)
        part->exact |= 1u << (index - part->skip);
}

static bool note(void *context, uintptr_t pc, bool exact)
{
    struct part *part = context;
    if (part->count == tare__callstack_depth_max)
        return false;
    uint32_t index = part->count++;
    if (index >= part->skip && index - part->skip < PART)
        part->addresses[index - part->skip] = pc;
    if (exact)
        mark_exact(part, index);
    return true;
}

static enum tare__unwind_end walk_by_steps(struct tare__unwind walk, struct part *part, uintptr_t above)
{
    enum tare__unwind_end end = TARE__UNWIND_MORE;
    while (end == TARE__UNWIND_MORE && walk.sp < above)
        end = tare__unwind_step(&walk);
    while (end == TARE__UNWIND_MORE) {
        if (!note(part, walk.pc, walk.exact))
            return TARE__UNWIND_FULL;
        end = way == FRAME_POINTERS ? tare__unwind_step_by_frame_pointer(&walk) : tare__unwind_step(&walk);
        if (walk.not_called)
            mark_exact(part, part->count - 1);
    }
    return end;
}

/* Nobody called what a handler returns to either. */
static bool note_of_libgcc(void *context, uintptr_t pc, bool exact)
{
    struct part *part = context;
    if (exact && part->count > 0)
        mark_exact(part, part->count - 1);
    return note(part, pc, exact);
}

static enum tare__unwind_end walk_part(const struct tare__unwind *walk, struct part *part, uintptr_t above)
{
    uint32_t skip = part->skip;
    part->exact = part->count = 0;
    enum tare__unwind_end end = TARE__UNWIND_NOT_TAKEN;
    if (way != SLOW)
        end = walk_by_steps(*walk, part, above);
    if (end != TARE__UNWIND_NOT_TAKEN)
        return end;
    *part = (struct part){.skip = skip};
    return tare__unwind_slowly_visit(note_of_libgcc, part, above).end;
}

static struct tare__chain add_part(struct tare__chain chain, const struct part *part, struct tare__modules_seen *seen)
{
    uint32_t left = part->count - part->skip < PART ? part->count - part->skip : PART;
    do {
        left--;
        chain = tare__frames_add(chain, part->addresses[left], (part->exact >> left & 1) != 0 ? TARE__FRAME_EXACT : 0,
                                 seen);
    } while (left > 0 && chain.id != 0);
    return chain;
}

static TARE__COLD uint32_t in_parts(const struct tare__unwind *walk, uintptr_t above)
{
    struct tare__modules_seen seen = {0};
    struct tare__chain chain = {0};
    struct part part = {.skip = 0};
    if (!tare__frames_begin(&chain, walk_part(walk, &part, above), &seen) || part.count == 0)
        return 0;
    for (uint32_t left = part.count; left > PART; left = part.skip) {
        part.skip = (left - 1) / PART * PART;
        walk_part(walk, &part, above);
        chain = add_part(chain, &part, &seen);
        if (chain.id == 0)
            return 0;
    }
    if (part.skip != 0) {
        part.skip = 0;
        walk_part(walk, &part, above);
    }
    return add_part(chain, &part, &seen).id;
}

/* ---- A stack ---------------------------------------------------------------------- */

/* Programs allocate from a few places in turn, so several walks are kept. They are in
 * sets, by the place and the depth of the stack: a program's own malloc is one place,
 * and has many callers. */
enum { WAYS = 4, SETS_BITS = 2 };
_Static_assert(WAYS << SETS_BITS == TARE__LAST_WALKS, "all are in a set");

TARE__INLINE struct tare__last_walk **set_of(struct tare__thread *thread, uintptr_t pc, uintptr_t sp)
{
    uint64_t hash = (pc ^ sp) * UINT64_C(0x9e3779b97f4a7c15);
    return &thread->last_walks[(hash >> (64 - SETS_BITS)) * WAYS];
}

static uint32_t stack_from(struct tare__thread *thread, const struct tare__unwind *start, uintptr_t above)
{
    uint32_t id;
    struct tare__unwind walk = *start;
    struct tare__last_walk **set = set_of(thread, start->pc, start->sp);
    if (thread != &tare__late_thread && way != SLOW &&
        tare__walk_again(&set[thread->next_walk++ % WAYS], &walk, above, tare__callstack_depth_max,
                         way == FRAME_POINTERS, &id))
        return id;
    return in_parts(start, above);
}

/* Whether it is one of the last walks once more: its id, or 0. */
TARE__INLINE uint32_t same_from(struct tare__thread *thread, uintptr_t pc, uintptr_t sp, uintptr_t fp, uintptr_t above)
{
    struct tare__last_walk *const *set = set_of(thread, pc, sp);
    uint32_t id = 0;
    if (TARE__UNLIKELY(tare__callstack_depth_max != UINT32_MAX))
        return 0;
    for (unsigned i = 0; i < WAYS && id == 0; i++)
        id = tare__walk_same(set[i], pc, sp, fp, above);
    return id;
}

uint32_t tare__callstack(struct tare__thread *thread, uintptr_t above)
{
    struct tare__unwind start = tare__unwind_here((struct tare__unwind_stack){0, 0});
    uint32_t id = same_from(thread, start.pc, start.sp, start.fp, above);
    if (TARE__LIKELY(id != 0))
        return id;
    return stack_from(thread, &start, above);
}

uint32_t tare__callstack_from(struct tare__thread *thread, struct tare__caller caller)
{
    uint32_t id = same_from(thread, caller.pc, caller.sp, caller.fp, caller.sp);
    if (TARE__LIKELY(id != 0))
        return id;
    struct tare__unwind start = {.pc = caller.pc, .sp = caller.sp, .fp = caller.fp, .stack = {1, 0}};
    return stack_from(thread, &start, caller.sp);
}

void tare__callstack_thread_begins(struct tare__thread *thread)
{
    for (unsigned i = 0; i < TARE__LAST_WALKS; i++)
        tare__walk_forget(thread->last_walks[i]);
}

void tare__callstack_fork_prepare(void)
{
    tare__frames_fork_prepare();
}

void tare__callstack_fork_parent(void)
{
    tare__frames_fork_parent();
}

void tare__callstack_fork_child(bool drop)
{
    tare__frames_fork_child(drop);
}
