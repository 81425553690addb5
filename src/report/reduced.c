/* SPDX-License-Identifier: MIT */
#include "reduced.h"

#include <errno.h>
#include <stdlib.h>

#include "frame_name.h"

static uint32_t reduce_frame(const struct tare__profile *profile, uint32_t index,
                             void (*clear)(struct tare__profile_frame *frame), struct tare__profile *reduced)
{
    char name[TARE__FRAME_NAME_BYTES];
    struct tare__profile_frame frame = profile->frames[index];
    frame.function = tare__frame_name(name, profile, index);
    frame.module = TARE__NONE;
    clear(&frame);
    return tare__profile_add_frame(reduced, &frame);
}

static int reduce_stacks(const struct tare__profile *profile, void (*clear)(struct tare__profile_frame *frame),
                         struct tare__profile *reduced, uint32_t *frames, uint32_t *stacks)
{
    for (size_t i = 0; i < profile->frame_count; i++)
        if ((frames[i] = reduce_frame(profile, (uint32_t)i, clear, reduced)) == TARE__NONE)
            return ENOMEM;
    for (size_t i = 1; i < profile->stack_count; i++) {
        const struct tare__profile_stack *stack = &profile->stacks[i];
        stacks[i] = tare__profile_add_stack(reduced, stacks[stack->parent], frames[stack->frame]);
        if (stacks[i] == TARE__NONE)
            return ENOMEM;
    }
    return 0;
}

static int reduce_sample(const struct tare__profile *profile, size_t sample, const size_t *types, uint32_t stack,
                         struct tare__profile *reduced, int64_t *values)
{
    bool any = false;
    for (size_t i = 0; i < reduced->type_count; i++) {
        values[i] = profile->values[sample * profile->type_count + types[i]];
        any |= values[i] != 0;
    }
    return any ? tare__profile_add_sample(reduced, stack, 0, values) : 0;
}

static int reduce(const struct tare__profile *profile, const size_t *types,
                  void (*clear)(struct tare__profile_frame *frame), struct tare__profile *reduced)
{
    uint32_t *frames = calloc(profile->frame_count + 1, sizeof *frames);
    uint32_t *stacks = calloc(profile->stack_count, sizeof *stacks);
    int64_t *values = calloc(reduced->type_count, sizeof *values);
    int error = frames == NULL || stacks == NULL || values == NULL ? ENOMEM : 0;
    if (error == 0)
        error = reduce_stacks(profile, clear, reduced, frames, stacks);
    for (size_t i = 0; error == 0 && i < profile->sample_count; i++)
        error = reduce_sample(profile, i, types, stacks[profile->samples[i].stack], reduced, values);
    free(frames);
    free(stacks);
    free(values);
    return error;
}

int tare__profile_reduce(const struct tare__profile *profile, const size_t *types, size_t type_count,
                         void (*clear)(struct tare__profile_frame *frame), struct tare__profile *reduced)
{
    struct tare__profile_type *left = calloc(type_count, sizeof *left);
    *reduced = (struct tare__profile){0};
    if (left == NULL)
        return ENOMEM;
    for (size_t i = 0; i < type_count; i++)
        left[i] = profile->types[types[i]];
    int error = tare__profile_init(reduced, left, type_count);
    free(left);
    return error == 0 ? reduce(profile, types, clear, reduced) : error;
}

size_t tare__profile_path(const struct tare__profile *profile, uint32_t stack, uint32_t *path)
{
    size_t depth = 0;
    for (; stack != 0; stack = profile->stacks[stack].parent)
        path[depth++] = profile->stacks[stack].frame;
    return depth;
}
