/* SPDX-License-Identifier: MIT */
/* Frames, each once, though it may be in the store twice, where two threads came
 * to it at once. Trusts no frame to be what its id says. */
#include <errno.h>

#include "grow.h"
#include "origins_parts.h"

static bool is_same_frame(uintptr_t value, const void *key, const void *context)
{
    const struct tare__snapshot_frame *frame = (const struct tare__snapshot_frame *)context + value, *other = key;
    return frame->address == other->address && frame->parent == other->parent && frame->module == other->module &&
           frame->flags == other->flags;
}

/* The index of such a frame in origins; 0 where there is no memory. */
static uint32_t intern_frame(struct tare__building *building, const struct tare__snapshot_frame *frame)
{
    struct tare__origins *origins = building->origins;
    if (!tare__table_reserve(&building->known_frames))
        return 0;
    const uint64_t key[] = {frame->address, (uint64_t)frame->parent << 32 | frame->module, frame->flags};
    uint64_t hash = tare__table_hash(&building->known_frames, key, sizeof key);
    uintptr_t known = tare__table_find(&building->known_frames, hash, is_same_frame, frame, origins->frames);
    if (known != 0)
        return (uint32_t)known;
    struct tare__snapshot_frame *frames = tare__grow(origins->frames, origins->frame_count, sizeof *frames);
    if (frames == NULL)
        return 0;
    origins->frames = frames;
    frames[origins->frame_count] = *frame;
    tare__table_add(&building->known_frames, hash, origins->frame_count);
    return (uint32_t)origins->frame_count++;
}

static const char *marker_problem(const struct tare__frame *frame)
{
    if (frame->flags != TARE__FRAME_TRUNCATED || frame->parent != 0 || frame->module != 0)
        return "it says that callers are missing, and has some";
    return frame->address >= TARE__TRUNCATED_NO_RULE && frame->address <= TARE__TRUNCATED_DEPTH
               ? NULL
               : "it does not say why callers are missing";
}

static const char *frame_problem(const struct tare__building *building, const struct tare__frame *frame)
{
    const struct tare__frame *parent = tare__records_at(&building->frames, frame->parent);
    if ((frame->flags & ~(uint32_t)(TARE__FRAME_EXACT | TARE__FRAME_TRUNCATED)) != 0)
        return "its flags can't be";
    if (frame->parent != 0 && parent == NULL)
        return "its caller is not there";
    if (frame->depth != (parent == NULL ? 1 : (uint64_t)parent->depth + 1)) /* so no frame is its own caller */
        return "its depth is not one more than its caller's";
    if (frame->module != 0 && tare__records_at(&building->modules, frame->module) == NULL)
        return "its module is not there";
    return (frame->flags & TARE__FRAME_TRUNCATED) != 0 ? marker_problem(frame) : NULL;
}

static int note_pending(struct tare__building *building, uint32_t id)
{
    uint32_t *pending = tare__grow(building->pending, building->pending_count, sizeof *pending);
    if (pending == NULL)
        return tare__refuse_memory(building->refusal);
    building->pending = pending;
    pending[building->pending_count++] = id;
    return 0;
}

/* From this frame outwards to one that has its index, or the outermost. */
static int collect_pending(struct tare__building *building, uint32_t id)
{
    int error = 0;
    while (error == 0 && id != 0 && *tare__records_note(&building->frames, id) == 0) {
        const struct tare__frame *frame = tare__records_at(&building->frames, id);
        const char *problem = frame_problem(building, frame);
        if (problem != NULL)
            return tare__damaged(building, &building->frames, "frame", id, problem);
        error = note_pending(building, id);
        id = frame->parent;
    }
    return error;
}

static int add_stack(struct tare__building *building, uint32_t id)
{
    int error = collect_pending(building, id);
    while (error == 0 && building->pending_count > 0) {
        id = building->pending[--building->pending_count];
        const struct tare__frame *frame = tare__records_at(&building->frames, id);
        struct tare__snapshot_frame added = {
            .address = frame->address,
            .parent = frame->parent == 0 ? 0 : *tare__records_note(&building->frames, frame->parent),
            .module = frame->module == 0 ? 0 : *tare__records_note(&building->modules, frame->module),
            .flags = frame->flags,
            .depth = frame->depth,
        };
        uint32_t index = intern_frame(building, &added);
        if (index == 0)
            return tare__refuse_memory(building->refusal);
        *tare__records_note(&building->frames, id) = index;
    }
    return error;
}

int tare__add_stacks(struct tare__building *building)
{
    int error = 0;
    for (uint32_t id = 0; error == 0 && (id = tare__records_next(&building->sites, id)) != 0;) {
        const struct tare__site *site = tare__records_at(&building->sites, id);
        if (site->stack == 0 || tare__is_blank(site))
            continue;
        if (tare__records_at(&building->frames, site->stack) == NULL)
            return tare__damaged(building, &building->sites, "site", id, "its stack is not there");
        error = add_stack(building, site->stack);
    }
    return error;
}
