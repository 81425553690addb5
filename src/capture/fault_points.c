/* SPDX-License-Identifier: MIT */
/*
 * A stack's id is a hash over its frames' modules and their offsets in there. What was found for
 * a frame is remembered, in a table of fixed size: an entry that another takes is made anew.
 */
#include "fault_points.h"

#include <string.h>

#include "callstack.h"
#include "capture_pieces.h"
#include "file_name.h"
#include "frames.h"
#include "os.h"

/* ---- Ids ------------------------------------------------------------------------- */

/* Place in the lowest bits of the id. */
enum { PLACE_BITS = 3 };
#define PLACE_MASK ((UINT64_C(1) << PLACE_BITS) - 1)

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

static uint64_t mix_name(uint64_t hash, const char *name)
{
    for (; *name != '\0'; name++)
        hash = mix(hash, (unsigned char)*name);
    return hash;
}

/* Code in no module may be anywhere in the next run. */
static uint64_t mix_frame(uint64_t hash, const struct tare__frame *frame)
{
    if ((frame->flags & TARE__FRAME_TRUNCATED) != 0)
        return mix(hash, 1);
    if (frame->module == 0)
        return mix(hash, 2);
    const struct tare__module *module = tare__module_at(frame->module);
    return mix(mix_name(hash, tare__file_name(module->path)), frame->address - module->bias);
}

static uint64_t id_of(uint32_t innermost)
{
    uint64_t hash = 0;
    for (uint32_t id = innermost; id != 0; id = tare__frame_at(id)->parent)
        hash = mix_frame(hash, tare__frame_at(id));
    hash = mix(hash, 0) & ~PLACE_MASK;
    return (hash != 0 ? hash : PLACE_MASK + 1) | tare__fault_place_of(innermost);
}

/* check is the id and the frame's key in one, so that half an entry of another thread's is none. */
enum { CACHE_BITS = 12 };
static struct {
    uint64_t id, check;
} cache[1 << CACHE_BITS];

static uint64_t key_of(uint32_t frame)
{
    return ((uint64_t)TARE__LOAD(tare__frames_epoch) << 32 | frame) * UINT64_C(0x9e3779b97f4a7c15);
}

static uint64_t remembered_id(uint32_t frame)
{
    uint64_t key = key_of(frame), at = key >> (64 - CACHE_BITS);
    uint64_t id = TARE__LOAD(cache[at].id);
    if (id == 0 || (TARE__LOAD(cache[at].check) ^ id) != key) {
        id = id_of(frame);
        TARE__STORE(cache[at].id, id);
        TARE__STORE(cache[at].check, id ^ key);
    }
    return id;
}

struct tare__fault_caller tare__fault_caller_of(uint32_t frame)
{
    uint64_t id = remembered_id(frame);
    return (struct tare__fault_caller){frame, (enum tare__fault_place)(id & PLACE_MASK), id, id};
}

/* realloc in a loop makes a block first, and then resizes it: what comes of a failure is not the same. */
static uint64_t resizing(uint64_t id)
{
    uint64_t other = mix(id, 3) & ~PLACE_MASK;
    return (other != 0 ? other : PLACE_MASK + 1) | (id & PLACE_MASK);
}

struct tare__fault_caller tare__fault_caller(struct tare__hot *hot, bool resizes)
{
    struct tare__fault_caller caller = tare__fault_caller_of(tare__callstack(hot->thread, hot->guard));
    if (resizes)
        caller.id = resizing(caller.id);
    return caller;
}

/* ---- Stacks ---------------------------------------------------------------------- */

/* Points are made one at a time; no signal's call comes in between, which could want it, too. */
static tare__lock points_lock;

static void note_module(struct tare__faults *faults, uint32_t id)
{
    const struct tare__module *module = tare__module_at(id);
    uint32_t image = faults->images - 1, count = faults->module_count;
    for (uint32_t i = 0; i < count; i++)
        if (faults->modules[i].image == image && faults->modules[i].low == module->low &&
            strcmp(faults->modules[i].path, module->path) == 0)
            return;
    if (count == TARE__FAULT_MODULES_MAX)
        return;
    struct tare__fault_module *noted = &faults->modules[count];
    noted->low = module->low;
    noted->end = module->end;
    noted->bias = module->bias;
    noted->image = image;
    noted->build_id_bytes = module->build_id_bytes;
    memcpy(noted->build_id, module->build_id, sizeof noted->build_id);
    size_t length = strlen(module->path);
    _Static_assert(sizeof noted->path >= sizeof module->path, "it fits");
    memcpy(noted->path, module->path, length + 1);
    noted->path_cut = module->path_cut;
    __atomic_store_n(&faults->module_count, count + 1, __ATOMIC_RELEASE);
}

static void copy_stack(struct tare__faults *faults, uint32_t frame, struct tare__fault_stack *stack)
{
    stack->image = (uint16_t)(faults->images - 1);
    for (uint32_t id = frame; id != 0; id = tare__frame_at(id)->parent) {
        const struct tare__frame *at = tare__frame_at(id);
        if ((at->flags & TARE__FRAME_TRUNCATED) != 0 || stack->count == TARE__FAULT_FRAMES) {
            stack->truncated = 1;
            return;
        }
        /* As a return address, which is what all but a signal's frame are. */
        stack->addresses[stack->count++] = tare__frame_place(at->address, at->flags) + 1;
        if (at->module != 0)
            note_module(faults, at->module);
    }
}

/* Faults of a plan by itself have no room for modules, and nobody who would explain by them. */
void tare__fault_copy_stack(struct tare__faults *faults, uint32_t frame, struct tare__fault_stack *stack)
{
    uint64_t blocked = tare__os_block_signals();
    tare__lock_acquire(&points_lock);
    if (stack->count == 0)
        copy_stack(faults, frame, stack);
    tare__lock_release(&points_lock);
    tare__os_restore_signals(blocked);
}

bool tare__fault_is_within(uint32_t frame, const struct tare__fault_range *ranges, uint32_t count)
{
    for (uint32_t id = frame; id != 0; id = tare__frame_at(id)->parent) {
        const struct tare__frame *at = tare__frame_at(id);
        uintptr_t place = tare__frame_place(at->address, at->flags);
        for (uint32_t i = 0; i < count; i++)
            if (place >= ranges[i].low && place < ranges[i].end)
                return true;
    }
    return false;
}

/* ---- Points ---------------------------------------------------------------------- */

enum { INDEX_SIZE = sizeof((struct tare__faults *)0)->index / sizeof *((struct tare__faults *)0)->index };

/* Where it is in the index, or would be: there is always room, for the index has twice as much. */
static uint32_t *slot_of(struct tare__faults *faults, uint64_t id)
{
    for (uint64_t at = mix(0, id);; at++) {
        uint32_t *slot = &faults->index[at % INDEX_SIZE];
        uint32_t number = __atomic_load_n(slot, __ATOMIC_ACQUIRE);
        if (number == 0 || faults->points[number - 1].id == id)
            return slot;
    }
}

static struct tare__fault_point *make(struct tare__faults *faults, const struct tare__fault_caller *caller, uint64_t id,
                                      uint64_t ordinal, size_t size)
{
    uint32_t number = faults->point_count;
    if (number == TARE__FAULT_POINTS_MAX) {
        faults->points_lost++;
        return NULL;
    }
    struct tare__fault_point *point = &faults->points[number];
    point->id = id;
    point->stack_id = caller->stack_id;
    point->ordinal = ordinal;
    point->size = size;
    point->place = caller->place;
    copy_stack(faults, caller->frame, &point->stack);
    __atomic_store_n(&faults->point_count, number + 1, __ATOMIC_RELEASE);
    return point;
}

struct tare__fault_point *tare__fault_point(struct tare__faults *faults, const struct tare__fault_caller *caller,
                                            uint64_t id, uint64_t ordinal, size_t size, bool *made)
{
    uint32_t *slot = slot_of(faults, id);
    uint32_t number = __atomic_load_n(slot, __ATOMIC_ACQUIRE);
    struct tare__fault_point *point = number != 0 ? &faults->points[number - 1] : NULL;
    *made = false;
    if (number == 0) {
        uint64_t blocked = tare__os_block_signals();
        tare__lock_acquire(&points_lock);
        slot = slot_of(faults, id);
        if (*slot != 0)
            point = &faults->points[*slot - 1];
        else if ((point = make(faults, caller, id, ordinal, size)) != NULL) {
            __atomic_store_n(slot, (uint32_t)(point - faults->points) + 1, __ATOMIC_RELEASE);
            *made = true;
        }
        tare__lock_release(&points_lock);
        tare__os_restore_signals(blocked);
    }
    return point;
}

struct tare__fault_point *tare__fault_note(struct tare__faults *faults, const struct tare__fault_caller *caller,
                                           uint64_t id, uint64_t ordinal, size_t size, bool *made)
{
    struct tare__fault_point *point = tare__fault_point(faults, caller, id, ordinal, size, made);
    if (point != NULL)
        __atomic_add_fetch(&point->hits, 1, __ATOMIC_RELAXED);
    return point;
}
