/* SPDX-License-Identifier: MIT */
/* Modules are mostly at the same addresses in each run, for their randomness is off; but nothing here
 * depends on that. */
#include "oom_merge.h"

#include <stddef.h>
#include <string.h>

const struct tare__fault_module *tare__oom_module_of(const struct tare__faults *faults, uint64_t address,
                                                     uint32_t image)
{
    for (uint32_t i = 0; i < faults->module_count; i++) {
        const struct tare__fault_module *module = &faults->modules[i];
        if (module->image == image && address >= module->low && address <= module->end)
            return module;
    }
    return NULL;
}

static struct tare__fault_module *find_or_add_module(struct tare__faults *faults, const struct tare__fault_module *like)
{
    for (uint32_t i = 0; i < faults->module_count; i++)
        if (faults->modules[i].image == like->image && strcmp(faults->modules[i].path, like->path) == 0)
            return &faults->modules[i];
    if (faults->module_count == TARE__FAULT_MODULES_MAX)
        return NULL;
    faults->modules[faults->module_count] = *like;
    return &faults->modules[faults->module_count++];
}

uint64_t tare__oom_address_in(struct tare__faults *faults, const struct tare__fault_module *like, uint64_t address)
{
    const struct tare__fault_module *module = find_or_add_module(faults, like);
    return module != NULL ? address - like->bias + module->bias : 0;
}

static void merge_stack(struct tare__faults *into, const struct tare__faults *from, struct tare__fault_stack *stack)
{
    for (uint32_t i = 0; i < stack->count; i++) {
        const struct tare__fault_module *module = tare__oom_module_of(from, stack->addresses[i], stack->image);
        if (module != NULL)
            stack->addresses[i] = tare__oom_address_in(into, module, stack->addresses[i]);
    }
}

/* Points of the run that counted have the same numbers in all. What is new is looked for among what was new. */
static uint64_t merge_point(struct tare__faults *into, const struct tare__faults *from, uint64_t number)
{
    const struct tare__fault_point *point = &from->points[number];
    for (uint64_t i = number < into->point_count && into->points[number].id == point->id ? number : 0;
         i < into->point_count; i++)
        if (into->points[i].id == point->id)
            return i;
    if (into->point_count == TARE__FAULT_POINTS_MAX)
        return TARE__FAULT_POINTS_MAX - 1;
    struct tare__fault_point *made = &into->points[into->point_count];
    memcpy(made, point, offsetof(struct tare__fault_point, runs));
    made->ordinal = 0;
    merge_stack(into, from, &made->stack);
    return into->point_count++;
}

void tare__oom_merge_run(struct tare__faults *into, struct tare__fault_run *run, const struct tare__faults *from,
                         const struct tare__fault_run *found)
{
    *run = *found;
    merge_stack(into, from, &run->stack);
    for (uint32_t i = 0; i < run->leak_count && i < TARE__FAULT_LEAKS; i++)
        run->leaks[i].point = merge_point(into, from, run->leaks[i].point);
}

void tare__oom_give_points(struct tare__faults *to, const struct tare__faults *from)
{
    memcpy(to->modules, from->modules, from->module_count * sizeof *from->modules);
    to->module_count = from->module_count;
    memcpy(to->index, from->index, sizeof from->index);
    for (uint32_t i = 0; i < from->point_count; i++) {
        memcpy(&to->points[i], &from->points[i], offsetof(struct tare__fault_point, runs));
        to->points[i].hits = 0;
    }
    to->point_count = from->point_count;
}
