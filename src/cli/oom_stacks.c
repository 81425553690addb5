/* SPDX-License-Identifier: MIT */
#include "oom_stacks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "grow.h"
#include "oom_merge.h"
#include "pieces.h"
#include "string_pool.h"
#include "symbol.h"

struct making {
    struct tare__oom_stacks *stacks;
    const struct tare__oom *oom;
};

static int add_modules(const struct making *making)
{
    struct tare__origins *origins = &making->stacks->process.origins;
    const struct tare__faults *faults = making->oom->faults;
    origins->modules = calloc(faults->module_count + 1, sizeof *origins->modules);
    if (origins->modules == NULL)
        return ENOMEM;
    origins->module_count = faults->module_count + 1;
    for (uint32_t i = 0; i < faults->module_count; i++) {
        const struct tare__fault_module *from = &faults->modules[i];
        const char *path = tare__strings_add(origins->strings, from->path);
        if (path == NULL)
            return ENOMEM;
        const char *slash = strrchr(path, '/');
        origins->modules[i + 1] = (struct tare__snapshot_module){.low = from->low,
                                                                 .end = from->end,
                                                                 .bias = from->bias,
                                                                 .path = path,
                                                                 .name = slash != NULL ? slash + 1 : path};
        origins->modules[i + 1].build_id_bytes = from->build_id_bytes;
        memcpy(origins->modules[i + 1].build_id, from->build_id, sizeof from->build_id);
        origins->modules[i + 1].is_program = strcmp(path, making->oom->program) == 0;
    }
    return 0;
}

static int add_frame(const struct making *making, struct tare__snapshot_frame frame, uint32_t *id)
{
    struct tare__origins *origins = &making->stacks->process.origins;
    struct tare__snapshot_frame *frames = tare__grow(origins->frames, origins->frame_count, sizeof *frames);
    if (frames == NULL)
        return ENOMEM;
    origins->frames = frames;
    frame.parent = *id;
    frame.depth = *id != 0 ? frames[*id].depth + 1 : 1;
    *id = (uint32_t)origins->frame_count++;
    frames[*id] = frame;
    return 0;
}

/* is_crash: the innermost address is no return address. */
static int add_stack(const struct making *making, const struct tare__fault_stack *stack, bool is_crash, uint32_t *id)
{
    const struct tare__faults *faults = making->oom->faults;
    int error = 0;
    *id = 0;
    if (stack->truncated && stack->count > 0)
        error = add_frame(making, (struct tare__snapshot_frame){.flags = TARE__FRAME_TRUNCATED}, id);
    for (uint32_t i = stack->count; error == 0 && i-- > 0;) {
        bool exact = is_crash && i == 0;
        uint64_t address = stack->addresses[i];
        const struct tare__fault_module *module = tare__oom_module_of(faults, address - !exact, stack->image);
        error = add_frame(making,
                          (struct tare__snapshot_frame){
                              .address = address,
                              .module = module != NULL ? (uint32_t)(module - faults->modules) + 1 : 0,
                              .flags = exact ? TARE__FRAME_EXACT : 0,
                          },
                          id);
    }
    return error;
}

static int add_run(const struct making *making, uint32_t number, int mode)
{
    const struct tare__oom *oom = making->oom;
    const struct tare__fault_run *run = &oom->faults->points[number].runs[mode];
    int error = add_stack(making, &run->stack, run->verdict == TARE__VERDICT_CRASHED && run->bad_frees == 0,
                          &making->stacks->crashes[number * TARE__FAULT_MODES + (uint32_t)mode]);
    for (uint32_t i = 0; error == 0 && i < run->leak_count && i < TARE__FAULT_LEAKS; i++) {
        uint64_t leak = run->leaks[i].point;
        if (making->stacks->points[leak] == 0)
            error = add_stack(making, &oom->faults->points[leak].stack, false, &making->stacks->points[leak]);
    }
    return error;
}

static void take_out_pools(const struct tare__oom_stacks *stacks, struct tare__fault_run *run)
{
    uint32_t kept = 0, count = run->leak_count < TARE__FAULT_LEAKS ? run->leak_count : TARE__FAULT_LEAKS;
    for (uint32_t i = 0; i < count; i++) {
        const struct tare__fault_leak *leak = &run->leaks[i];
        if (tare__stack_pool(&stacks->process.origins, stacks->points[leak->point]) == NULL) {
            run->leaks[kept++] = *leak;
            continue;
        }
        run->leaked_blocks -= leak->blocks;
        run->leaked_bytes -= leak->bytes;
        run->leak_count--;
    }
}

int tare__oom_stacks_make(struct tare__oom_stacks *stacks, struct tare__oom *oom)
{
    const struct making making = {stacks, oom};
    uint32_t count = oom->faults->point_count, none = 0;
    *stacks = (struct tare__oom_stacks){
        .points = calloc(count, sizeof *stacks->points),
        .crashes = calloc((size_t)count * TARE__FAULT_MODES, sizeof *stacks->crashes),
        .process.origins.strings = tare__strings_new(),
    };
    if (stacks->points == NULL || stacks->crashes == NULL || stacks->process.origins.strings == NULL)
        return ENOMEM;
    int error = add_modules(&making);
    if (error == 0)
        error = add_frame(&making, (struct tare__snapshot_frame){.address = 0}, &none); /* that stands for none */
    for (size_t i = 0; error == 0 && i < oom->chosen_count; i++) {
        uint32_t number = oom->chosen[i];
        if (stacks->points[number] == 0)
            error = add_stack(&making, &oom->faults->points[number].stack, false, &stacks->points[number]);
        for (int mode = 0; error == 0 && mode < TARE__FAULT_MODES; mode++)
            error = add_run(&making, number, mode);
    }
    for (uint32_t i = 0; error == 0 && i < count; i++) /* set apart */
        if (oom->faults->points[i].place >= TARE__FAULT_IN_LOADER && stacks->points[i] == 0)
            error = add_stack(&making, &oom->faults->points[i].stack, false, &stacks->points[i]);
    const struct tare__symbolize_options options = {.progress = NULL};
    if (error == 0)
        error = tare__symbolize(&stacks->process.origins, &options);
    for (size_t i = 0; error == 0 && i < oom->chosen_count; i++)
        for (int mode = 0; mode < TARE__FAULT_MODES; mode++)
            take_out_pools(stacks, &oom->faults->points[oom->chosen[i]].runs[mode]);
    return error;
}

void tare__oom_stacks_free(struct tare__oom_stacks *stacks)
{
    tare__origins_free(&stacks->process.origins);
    free(stacks->points);
    free(stacks->crashes);
}
