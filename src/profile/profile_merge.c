/* SPDX-License-Identifier: MIT */
/* Array after array: what an index of the other means here is known before anything
 * that refers to it is added. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "profile.h"

struct merge {
    struct tare__profile *into;
    const struct tare__profile *from;
    size_t *types;                                /* of each of into's types the one of from, or its type_count */
    uint32_t *modules, *frames, *stacks, *labels; /* from's index to into's */
    int64_t *values;
};

static bool match_types(const struct merge *merge)
{
    bool any = false;
    for (size_t i = 0; i < merge->into->type_count; i++) {
        const struct tare__profile_type *type = &merge->into->types[i];
        size_t other = merge->types[i] = tare__profile_type_named(merge->from, type->name);
        if (other == merge->from->type_count)
            continue;
        if (strcmp(merge->from->types[other].unit, type->unit) != 0)
            return false;
        any = true;
    }
    return any;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_file(const struct tare__profile_module *a, const struct tare__profile_module *b)
{
    return same_text(a->path, b->path) && same_text(a->build_id, b->build_id) && a->offset == b->offset &&
           a->end - a->low == b->end - b->low;
}

static uint32_t merge_module(struct tare__profile *into, const struct tare__profile_module *module)
{
    for (size_t i = 0; i < into->module_count; i++)
        if (same_file(&into->modules[i], module))
            return (uint32_t)i;
    return tare__profile_add_module(into, module);
}

static uint32_t merge_frame(const struct merge *merge, const struct tare__profile_frame *frame)
{
    struct tare__profile_frame moved = *frame;
    if (frame->module != TARE__NONE) {
        moved.module = merge->modules[frame->module];
        if (frame->address != 0)
            moved.address += merge->into->modules[moved.module].low - merge->from->modules[frame->module].low;
    }
    return tare__profile_add_frame(merge->into, &moved);
}

static bool merge_places(const struct merge *merge)
{
    const struct tare__profile *from = merge->from;
    for (size_t i = 0; i < from->module_count; i++)
        if ((merge->modules[i] = merge_module(merge->into, &from->modules[i])) == TARE__NONE)
            return false;
    for (size_t i = 0; i < from->frame_count; i++)
        if ((merge->frames[i] = merge_frame(merge, &from->frames[i])) == TARE__NONE)
            return false;
    merge->stacks[0] = 0;
    for (size_t i = 1; i < from->stack_count; i++) {
        const struct tare__profile_stack *stack = &from->stacks[i];
        merge->stacks[i] =
            tare__profile_add_stack(merge->into, merge->stacks[stack->parent], merge->frames[stack->frame]);
        if (merge->stacks[i] == TARE__NONE)
            return false;
    }
    for (size_t i = 0; i < from->label_set_count; i++) {
        const struct tare__profile_label_set *set = &from->label_sets[i];
        const struct tare__profile_label *labels = set->count > 0 ? &from->labels[set->first] : NULL;
        if ((merge->labels[i] = tare__profile_add_labels(merge->into, labels, set->count)) == TARE__NONE)
            return false;
    }
    return true;
}

static int merge_samples(const struct merge *merge)
{
    const struct tare__profile *from = merge->from;
    int error = 0;
    for (size_t i = 0; error == 0 && i < from->sample_count; i++) {
        for (size_t k = 0; k < merge->into->type_count; k++)
            merge->values[k] =
                merge->types[k] < from->type_count ? from->values[i * from->type_count + merge->types[k]] : 0;
        error = tare__profile_add_sample(merge->into, merge->stacks[from->samples[i].stack],
                                         merge->labels[from->samples[i].labels], merge->values);
    }
    return error;
}

static void merge_facts(struct tare__profile *into, const struct tare__profile *from)
{
    if (!same_text(into->title, from->title))
        into->title = NULL;
    if (into->time_ns == 0 || (from->time_ns != 0 && from->time_ns < into->time_ns))
        into->time_ns = from->time_ns;
    into->duration_ns += from->duration_ns;
    into->snapshot = NULL; /* it is no longer all that is here */
}

static int merge_all(struct merge *merge)
{
    if (!match_types(merge))
        return EINVAL;
    if (!merge_places(merge))
        return ENOMEM;
    int error = merge_samples(merge);
    if (error == 0)
        merge_facts(merge->into, merge->from);
    return error;
}

static uint32_t *indices(size_t count)
{
    return calloc(count > 0 ? count : 1, sizeof(uint32_t));
}

int tare__profile_merge(struct tare__profile *profile, const struct tare__profile *other)
{
    struct merge merge = {
        .into = profile,
        .from = other,
        .types = calloc(profile->type_count > 0 ? profile->type_count : 1, sizeof *merge.types),
        .modules = indices(other->module_count),
        .frames = indices(other->frame_count),
        .stacks = indices(other->stack_count),
        .labels = indices(other->label_set_count),
        .values = calloc(profile->type_count > 0 ? profile->type_count : 1, sizeof *merge.values),
    };
    int error = ENOMEM;
    if (merge.types != NULL && merge.modules != NULL && merge.frames != NULL && merge.stacks != NULL &&
        merge.labels != NULL && merge.values != NULL)
        error = merge_all(&merge);
    free(merge.types);
    free(merge.modules);
    free(merge.frames);
    free(merge.stacks);
    free(merge.labels);
    free(merge.values);
    return error;
}
