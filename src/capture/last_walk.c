/* SPDX-License-Identifier: MIT */
#include "last_walk.h"

#include <string.h>

#include "frames.h"
#include "os.h"
#include "unwind_quick.h"

enum { ROOM_FIRST = 20 /* in a page */, SLOTS_MOST = 4, OBJECTS_MAX = 16 };

struct frame {
    uintptr_t pc, sp, fp;
    uint64_t hash; /* of the chain to here */
    uint32_t id;
    uint32_t slots; /* of this frame and all its callers */
    bool fp_matters;
    bool exact;
};

struct slot {
    const uintptr_t *at;
    uintptr_t value;
};

/* That may be closed: where it was, and the outermost frame in it. */
struct object {
    uintptr_t place;
    uint32_t id, frame;
};

/* A frame of the walk that is under way, the innermost first, and what the step from
 * there read; more than pc and fp where that is said. */
struct fresh {
    uintptr_t pc, sp, fp;
    uintptr_t pc_slot, fp_slot, cfa_slot, lr_slot;
    uint32_t flags; /* TARE__FRAME_EXACT */
    bool used_fp, exact, read_more;
};

/* One mapping with the arrays behind it. */
struct tare__last_walk {
    struct tare__unwind_stack stack;
    uint32_t depth; /* 0 while a walk is under way */
    uint32_t room;
    uint32_t epoch;
    uint32_t object_count;
    uintptr_t busy; /* the stack address of a walk under way, or that was jumped out of; 0: none */
    size_t bytes;
    struct frame *frames;
    struct slot *slots;
    struct fresh *fresh;
    struct object objects[OBJECTS_MAX];
};

/* A walk under way. */
struct walker {
    struct tare__last_walk **at, *last;
    struct tare__unwind *walk;
    uint32_t kept;  /* frames of the last walk that may yet be met */
    uint32_t count; /* of fresh frames */
    struct tare__modules_seen seen;
};

/* ---- Memory -------------------------------------------------------------------- */

static struct tare__last_walk *make(uint32_t room)
{
    size_t bytes = sizeof(struct tare__last_walk) +
                   room * (sizeof(struct frame) + SLOTS_MOST * sizeof(struct slot) + sizeof(struct fresh));
    struct tare__last_walk *last = tare__os_map(bytes);
    if (last == NULL)
        return NULL;
    last->stack.low = 1;
    last->room = room;
    last->bytes = bytes;
    last->epoch = tare__frames_epoch;
    last->frames = (struct frame *)(void *)(last + 1);
    last->slots = (struct slot *)(void *)(last->frames + room);
    last->fresh = (struct fresh *)(void *)(last->slots + (size_t)SLOTS_MOST * room);
    return last;
}

/* Twice as much, with all that is there. */
static TARE__COLD bool grow(struct walker *walker)
{
    struct tare__last_walk *old = walker->last;
    struct tare__last_walk *larger = old->room < UINT32_MAX / 2 ? make(old->room * 2) : NULL;
    if (larger == NULL)
        return false;
    larger->stack = old->stack;
    larger->epoch = old->epoch;
    larger->busy = old->busy;
    larger->object_count = old->object_count;
    memcpy(larger->objects, old->objects, sizeof old->objects);
    memcpy(larger->frames, old->frames, walker->kept * sizeof *old->frames);
    if (walker->kept > 0)
        memcpy(larger->slots, old->slots, old->frames[walker->kept - 1].slots * sizeof *old->slots);
    memcpy(larger->fresh, old->fresh, walker->count * sizeof *old->fresh);
    *walker->at = walker->last = larger;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    tare__os_unmap(old, old->bytes);
    return true;
}

void tare__walk_forget(struct tare__last_walk *last)
{
    if (last == NULL)
        return;
    last->depth = 0;
    last->busy = 0;
    last->stack = (struct tare__unwind_stack){1, 0};
}

/* ---- What holds yet ---------------------------------------------------------------- */

static TARE__COLD bool is_there(struct walker *walker, const struct object *object)
{
    struct tare__module_here here;
    return tare__module_here(&walker->seen, object->place, &here) && here.id == object->id;
}

/* Objects first: by what another had, words could be read that aren't there. */
static bool objects_hold(struct walker *walker)
{
    struct tare__last_walk *last = walker->last;
    for (uint32_t i = 0; i < last->object_count && last->objects[i].frame < walker->kept; i++)
        if (!is_there(walker, &last->objects[i])) {
            walker->kept = last->objects[i].frame;
            return false;
        }
    return true;
}

/* From that frame on, outwards, as a walk would read them: each lies where it does
 * because those before are the same. 0, or the number of the first that is not. */
#define HOLDS(slot) TARE__LIKELY(*(slot).at == (slot).value)
TARE__INLINE TARE__READS_STACKS uint32_t first_word_changed(const struct tare__last_walk *last, uint32_t depth)
{
    const struct slot *slots = last->slots, *slot = slots + last->frames[depth - 1].slots;
    while (slot - slots >= 4 && HOLDS(slot[-1]) && HOLDS(slot[-2]) && HOLDS(slot[-3]) && HOLDS(slot[-4]))
        slot -= 4;
    while (slot > slots && HOLDS(slot[-1]))
        slot--;
    return (uint32_t)(slot - slots);
}

TARE__INLINE bool words_hold(struct walker *walker)
{
    const struct frame *frames = walker->last->frames;
    uint32_t left = first_word_changed(walker->last, walker->kept);
    if (left == 0)
        return true;
    do
        walker->kept--;
    while (walker->kept > 0 && frames[walker->kept - 1].slots >= left);
    return false;
}

/* Whether the walk has come to a frame from which on it is the last one. */
TARE__INLINE bool meets(struct walker *walker, const struct tare__unwind_frame *frame)
{
    const struct frame *frames = walker->last->frames;
    uint32_t kept = walker->kept;
    while (kept > 0 && frames[kept - 1].sp < frame->sp)
        kept--;
    walker->kept = kept;
    if (kept == 0)
        return false;
    const struct frame *met = &frames[kept - 1];
    if (met->pc != frame->pc || met->sp != frame->sp || (met->fp_matters && met->fp != frame->fp) || met->exact)
        return false;
    return (TARE__LIKELY(walker->last->object_count == 0) || objects_hold(walker)) && words_hold(walker);
}

/* ---- The walk ------------------------------------------------------------------------ */

TARE__INLINE struct tare__unwind_frame frame_of(const struct tare__unwind *walk)
{
    return (struct tare__unwind_frame){walk->pc, walk->sp, walk->fp, 0, 0, false};
}

static enum tare__unwind_end step(struct tare__unwind *walk, const struct tare__unwind_frame *from, struct fresh *fresh,
                                  bool by_frame_pointers)
{
    walk->pc = from->pc;
    walk->sp = from->sp;
    walk->fp = from->fp;
    enum tare__unwind_end end = by_frame_pointers ? tare__unwind_step_by_frame_pointer(walk) : tare__unwind_step(walk);
    fresh->pc_slot = walk->pc_slot;
    fresh->fp_slot = walk->fp_slot;
    fresh->cfa_slot = walk->cfa_slot;
    fresh->lr_slot = walk->lr_slot;
    fresh->flags = walk->not_called || fresh->exact ? TARE__FRAME_EXACT : 0;
    fresh->used_fp = walk->used_fp;
    fresh->read_more = true;
    return end;
}

/* MORE: up to a frame of the last walk. */
static TARE__READS_STACKS enum tare__unwind_end walk_on(struct walker *walker, uint32_t depth_max,
                                                        bool by_frame_pointers)
{
    struct tare__unwind *walk = walker->walk;
    struct tare__unwind_frame frame = frame_of(walk);
    for (;;) {
        bool exact = walk->exact;
        if (!exact && meets(walker, &frame))
            return TARE__UNWIND_MORE;
        if (TARE__UNLIKELY(walker->count == depth_max))
            return TARE__UNWIND_FULL;
        if (TARE__UNLIKELY(walker->count == walker->last->room) && !grow(walker))
            return TARE__UNWIND_NOT_TAKEN;
        struct fresh *fresh = &walker->last->fresh[walker->count++];
        fresh->pc = frame.pc;
        fresh->sp = frame.sp;
        fresh->fp = frame.fp;
        fresh->exact = exact;
        if (TARE__LIKELY(!exact && !by_frame_pointers &&
                         tare__unwind_quickly(&frame, walk->stack.low, walk->stack.last))) {
            fresh->pc_slot = frame.pc_slot;
            fresh->fp_slot = frame.fp_slot;
            fresh->flags = 0;
            fresh->used_fp = frame.used_fp;
            fresh->read_more = false;
            if (TARE__UNLIKELY(frame.pc == 0))
                return TARE__UNWIND_COMPLETE;
            continue;
        }
        enum tare__unwind_end end = step(walk, &frame, fresh, by_frame_pointers);
        if (end != TARE__UNWIND_MORE)
            return end;
        frame = frame_of(walk);
    }
}

/* ---- Keeping it ------------------------------------------------------------------------ */

/* Another can't be told from it without a build ID: then what is further in isn't kept. */
static TARE__COLD bool keep_object(struct walker *walker, uintptr_t place, uint32_t frame)
{
    struct tare__last_walk *last = walker->last;
    struct tare__module_here here;
    if (!tare__module_here(&walker->seen, place, &here) || !here.certain)
        return false;
    for (uint32_t i = 0; i < last->object_count; i++)
        if (last->objects[i].id == here.id && here.id != 0)
            return true;
    if (last->object_count == OBJECTS_MAX)
        return false;
    last->objects[last->object_count++] = (struct object){place, here.id, frame};
    return true;
}

TARE__INLINE TARE__READS_STACKS uint32_t keep_word(struct tare__last_walk *last, uint32_t slots, uintptr_t at)
{
    const uintptr_t *word = (const uintptr_t *)at;
    if (at == 0)
        return slots;
    last->slots[slots] = (struct slot){word, *word};
    return slots + 1;
}

/* As frame number `depth`, called by the one before. */
TARE__INLINE void keep(struct tare__last_walk *last, const struct fresh *fresh, struct tare__chain chain,
                       uint32_t depth)
{
    struct frame *frame = &last->frames[depth];
    bool callers_fp_matters = depth > 0 && frame[-1].fp_matters;
    uint32_t slots = depth > 0 ? frame[-1].slots : 0;
    slots = keep_word(last, slots, fresh->pc_slot);
    if (callers_fp_matters)
        slots = keep_word(last, slots, fresh->fp_slot);
    if (TARE__UNLIKELY(fresh->read_more)) {
        slots = keep_word(last, slots, fresh->cfa_slot);
        slots = keep_word(last, slots, fresh->lr_slot);
    }
    frame->pc = fresh->pc;
    frame->sp = fresh->sp;
    frame->fp = fresh->fp;
    frame->hash = chain.hash;
    frame->id = chain.id;
    frame->slots = slots;
    frame->fp_matters = fresh->used_fp || (fresh->fp_slot == 0 && callers_fp_matters);
    frame->exact = fresh->exact;
}

/* Gives the fresh frames their ids, from the outermost in. */
static uint32_t add_fresh(struct walker *walker, struct tare__chain chain, bool keeping)
{
    struct tare__last_walk *last = walker->last;
    uint32_t depth = walker->kept;
    while (last->object_count > 0 && last->objects[last->object_count - 1].frame >= depth)
        last->object_count--;
    for (uint32_t i = walker->count; i-- > 0;) {
        const struct fresh *fresh = &last->fresh[i];
        chain = tare__frames_add(chain, fresh->pc, fresh->flags, &walker->seen);
        if (TARE__UNLIKELY(chain.id == 0))
            break;
        if (TARE__UNLIKELY(chain.may_go) && keeping)
            keeping = keep_object(walker, tare__frame_place(fresh->pc, fresh->flags), depth);
        if (TARE__LIKELY(keeping))
            keep(last, fresh, chain, depth++);
    }
    walker->kept = depth;
    return chain.id;
}

/* The id of the whole stack, or 0. */
static uint32_t finish(struct walker *walker, enum tare__unwind_end end)
{
    struct tare__chain chain = {0};
    bool keeping = end != TARE__UNWIND_BAD_STACK && end != TARE__UNWIND_FULL;
    if (end == TARE__UNWIND_MORE) {
        const struct frame *met = &walker->last->frames[walker->kept - 1];
        chain.hash = met->hash;
        chain.id = met->id;
    } else {
        walker->kept = 0;
        if (!tare__frames_begin(&chain, end, &walker->seen))
            return 0;
    }
    while (keeping && walker->kept + walker->count > walker->last->room)
        keeping = grow(walker);
    return add_fresh(walker, chain, keeping);
}

TARE__READS_STACKS uint32_t tare__walk_same(const struct tare__last_walk *last, uintptr_t pc, uintptr_t sp,
                                            uintptr_t fp, uintptr_t above)
{
    struct tare__unwind_frame frame = {pc, sp, fp, 0, 0, false};
    if (last == NULL || last->depth == 0 || last->epoch != tare__frames_epoch || last->object_count != 0)
        return 0;
    while (frame.sp < above)
        if (!tare__unwind_quickly(&frame, last->stack.low, last->stack.last))
            return 0;
    const struct frame *innermost = &last->frames[last->depth - 1];
    if (innermost->pc != frame.pc || innermost->sp != frame.sp ||
        (innermost->fp_matters && innermost->fp != frame.fp) || innermost->exact ||
        first_word_changed(last, last->depth) != 0)
        return 0;
    return innermost->id;
}

/* Through the frames below, which are tare's own. */
TARE__INLINE TARE__READS_STACKS bool leave_own(struct tare__unwind *walk, uintptr_t above)
{
    struct tare__unwind_frame frame = frame_of(walk);
    while (frame.sp < above && tare__unwind_quickly(&frame, walk->stack.low, walk->stack.last))
        ;
    walk->pc = frame.pc;
    walk->sp = frame.sp;
    walk->fp = frame.fp;
    while (TARE__UNLIKELY(walk->sp < above))
        if (tare__unwind_step(walk) != TARE__UNWIND_MORE)
            return false;
    return true;
}

/* A signal handler has its frames below those that it came upon, or a stack of its own.
 * Where it is neither, whoever walked there has jumped away. */
static TARE__COLD bool is_interrupted(uintptr_t busy, uintptr_t here)
{
    enum { HANDLER_STACK_BYTES = 64 << 20 }; /* more than any has */
    return (here < busy && busy - here < HANDLER_STACK_BYTES) || tare__os_on_signal_stack();
}

bool tare__walk_again(struct tare__last_walk **at, struct tare__unwind *walk, uintptr_t above, uint32_t depth_max,
                      bool by_frame_pointers, uint32_t *id)
{
    struct tare__last_walk *last = *at;
    uintptr_t here = (uintptr_t)&last;
    if (TARE__UNLIKELY(last == NULL) && (last = *at = make(ROOM_FIRST)) == NULL)
        return false;
    if (TARE__UNLIKELY(last->busy != 0) && is_interrupted(last->busy, here))
        return false;
    TARE__STORE(last->busy, here);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    struct walker walker = {.at = at, .last = last, .walk = walk};
    uint32_t epoch = tare__frames_epoch;
    enum tare__unwind_end end = TARE__UNWIND_NOT_TAKEN;
    walk->stack = last->stack;
    if (TARE__LIKELY(leave_own(walk, above))) {
        if (TARE__LIKELY(last->epoch == epoch && depth_max == UINT32_MAX))
            walker.kept = last->depth;
        last->depth = 0;
        end = walk_on(&walker, depth_max, by_frame_pointers);
    }
    last = walker.last;
    if (TARE__LIKELY(end != TARE__UNWIND_NOT_TAKEN)) {
        *id = finish(&walker, end);
        last = walker.last;
        last->stack = walk->stack;
        last->epoch = epoch;
        if (TARE__LIKELY(TARE__LOAD(tare__frames_epoch) == epoch))
            last->depth = walker.kept;
        else
            *id = 0; /* a signal handler forked meanwhile */
    }
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    TARE__STORE(last->busy, 0);
    return end != TARE__UNWIND_NOT_TAKEN;
}
