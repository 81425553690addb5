/* SPDX-License-Identifier: MIT */
/*
 * By fork all runs come before the block's own: each child leaves the head of the block into it, and ends
 * where that ends. In process the block's head comes round for each run.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "failure.h"
#include "fault.h"
#include "fault_sweep.h"
#include "scope.h"

struct tare_sweep_ *tare__sweep_now;

static int fail(const tare_sweep_block_ *block, int error)
{
    return tare__fail_error(error, "tare_fault_sweep", block->options.name, &block->here);
}

/* ---- Points ----------------------------------------------------------------- */

bool tare__sweep_has_mode(const struct tare_sweep_ *sweep, enum tare__fault_mode mode)
{
    return sweep->options.mode == TARE_FAULT_ONCE_AND_FOREVER ||
           (sweep->options.mode == TARE_FAULT_ONCE) == (mode == TARE__FAULT_ONCE);
}

uint32_t tare__sweep_point(const struct tare_sweep_ *sweep, uint64_t i)
{
    return sweep->countable[i * sweep->counted / sweep->chosen];
}

static void choose(struct tare_sweep_ *sweep)
{
    for (uint32_t i = 0; i < sweep->faults.point_count; i++)
        if (sweep->faults.points[i].ordinal != 0)
            sweep->countable[sweep->counted++] = i;
    uint64_t limit = sweep->options.limit;
    sweep->chosen = limit != 0 && limit < sweep->counted ? limit : sweep->counted;
}

/* ---- A run ------------------------------------------------------------------ */

static struct tare__fault_plan plan_of(const struct tare_sweep_ *sweep, bool harms)
{
    const tare_sweep_options *options = &sweep->options;
    struct tare__fault_plan plan = {
        .kind = TARE__FAULT_COUNT,
        .by_ordinal = options->points == TARE_FAULT_ALLOCATIONS,
        .everywhere = options->everywhere,
        .size_low = options->size_low,
        .size_high = options->size_high != 0 ? options->size_high : UINT64_MAX,
    };
    if (harms) {
        plan.kind = plan.by_ordinal ? TARE__FAULT_NTH : TARE__FAULT_STACK;
        plan.target = sweep->faults.points[sweep->point].id;
        plan.in_a_row = sweep->mode == TARE__FAULT_FOREVER ? UINT64_MAX
                        : options->in_a_row != 0           ? options->in_a_row
                                                           : 1;
    }
    return plan;
}

static void start_anew(struct tare__faults *faults)
{
    faults->seen = faults->fired = faults->fired_at = 0;
    memset(&faults->fired_stack, 0, sizeof faults->fired_stack);
    memset(&faults->run, 0, sizeof faults->run);
}

/* Opens the scope of the run; the block runs from here. */
static bool open_run(tare_sweep_block_ *block, bool harms, uintptr_t frame)
{
    struct tare_sweep_ *sweep = block->sweep;
    const tare_options options = {.name = block->options.name, .domain = block->options.domain};
    const struct tare__place place = {(uintptr_t)block, frame};
    const struct tare__arming arming = {
        .plan = plan_of(sweep, harms), .faults = &sweep->faults, .run = &sweep->faults.run};
    start_anew(&sweep->faults);
    block->scope = tare__scope_open_armed(&options, place, &arming, &sweep->run.open_error);
    if (block->scope == NULL)
        return false;
    sweep->outer = tare__sweep_now;
    tare__sweep_now = sweep;
    return true;
}

static void close_run(tare_sweep_block_ *block, bool by_exception)
{
    struct tare_sweep_ *sweep = block->sweep;
    if (block->scope != NULL)
        tare__scope_take(block->scope, TARE__CLOSE, NULL, NULL);
    block->scope = NULL;
    if (tare__sweep_now == sweep)
        tare__sweep_now = sweep->outer;
    sweep->run.exception = by_exception;
    sweep->run.done = 1;
}

/* ---- Judging ---------------------------------------------------------------- */

static enum tare__fault_verdict judge(const struct tare_sweep_ *sweep, const struct tare__sweep_end *end)
{
    const struct tare__sweep_run *run = &sweep->run;
    bool unknown = sweep->faults.run.bad_frees > sweep->bad_frees;
    if (end->hung)
        return TARE__VERDICT_HUNG;
    if (WIFSIGNALED(end->status))
        return unknown ? TARE__VERDICT_DOUBLE_FREE : TARE__VERDICT_CRASHED;
    if (sweep->faults.fired == 0)
        return TARE__VERDICT_NOT_REACHED;
    if (run->done == 0 || run->failed.condition != NULL)
        return TARE__VERDICT_FAILED;
    if (unknown)
        return TARE__VERDICT_DOUBLE_FREE;
    if (run->wrong_success.condition != NULL)
        return TARE__VERDICT_WRONG_SUCCESS;
    bool leaks = sweep->faults.run.leaked_blocks > 0 && run->exception == 0 && !sweep->options.leaks_allowed;
    return leaks ? TARE__VERDICT_LEAKED : TARE__VERDICT_PASSED;
}

/* The last lines, whole ones where there are several. */
static void read_said(const struct tare_sweep_ *sweep, char *said)
{
    off_t length = sweep->standard_error >= 0 ? lseek(sweep->standard_error, 0, SEEK_END) : 0;
    off_t from = length > TARE__SAID_BYTES - 1 ? length - (TARE__SAID_BYTES - 1) : 0;
    ssize_t bytes = length > 0 ? pread(sweep->standard_error, said, (size_t)(length - from), from) : 0;
    said[bytes > 0 ? bytes : 0] = '\0';
    char *line = from > 0 ? strchr(said, '\n') : NULL;
    if (line != NULL && line[1] != '\0')
        memmove(said, line + 1, strlen(line + 1) + 1);
}

static void note_run(struct tare_sweep_ *sweep, const struct tare__sweep_end *end)
{
    struct tare__fault_run *run = &sweep->faults.points[sweep->point].runs[sweep->mode];
    struct tare__sweep_outcome *outcome = &sweep->outcomes[sweep->point][sweep->mode];
    *run = sweep->faults.run;
    run->verdict = judge(sweep, end);
    run->status = end->status;
    run->ms = end->ms;
    outcome->check = sweep->run.failed.condition != NULL ? sweep->run.failed : sweep->run.wrong_success;
    if (run->verdict != TARE__VERDICT_PASSED)
        read_said(sweep, outcome->said);
}

/* ---- The result ------------------------------------------------------------- */

static void add_verdict(tare_fault_result *result, uint32_t verdict)
{
    switch ((enum tare__fault_verdict)verdict) {
#define ADD(name, field, text)                                                                                         \
    case TARE__VERDICT_##name:                                                                                         \
        result->field++;                                                                                               \
        result->runs++;                                                                                                \
        break;
        TARE_FAULT_VERDICTS(ADD)
#undef ADD
    case TARE__VERDICT_NONE:
    case TARE__VERDICT_FROM_START:
        break;
    }
}

static uint64_t count_stacks(const struct tare_sweep_ *sweep)
{
    uint64_t stacks = 0;
    for (uint32_t i = 0; i < sweep->faults.point_count; i++) {
        const struct tare__fault_point *point = &sweep->faults.points[i];
        bool seen = point->ordinal == 0;
        for (uint32_t k = 0; k < i && !seen; k++)
            seen = sweep->faults.points[k].stack_id == point->stack_id && sweep->faults.points[k].ordinal != 0;
        stacks += !seen;
    }
    return stacks;
}

static tare_fault_result result_of(const struct tare_sweep_ *sweep)
{
    tare_fault_result result = {
        .allocations = sweep->seen,
        .stacks = count_stacks(sweep),
        .points = sweep->chosen,
        .left_out = sweep->counted - sweep->chosen + sweep->faults.points_lost,
    };
    for (uint32_t i = 0; i < sweep->faults.point_count; i++) {
        const struct tare__fault_point *point = &sweep->faults.points[i];
        result.apart += point->ordinal == 0 && point->hits != 0;
        for (unsigned mode = 0; mode < TARE__FAULT_MODES; mode++)
            add_verdict(&result, point->runs[mode].verdict);
    }
    return result;
}

static void finish(tare_sweep_block_ *block)
{
    struct tare_sweep_ *sweep = block->sweep;
    tare_fault_result result = result_of(sweep);
    if (block->options.result != NULL)
        *block->options.result = result;
    sweep->state = TARE__SWEEP_OVER;
    if (result.passed != result.runs)
        tare__sweep_fail(sweep, &result);
}

static void unmap(tare_sweep_block_ *block)
{
    struct tare_sweep_ *sweep = block->sweep;
    block->sweep = NULL;
    if (sweep == NULL)
        return;
    if (sweep->standard_error >= 0)
        close(sweep->standard_error);
    munmap(sweep, sizeof *sweep);
}

/* ---- After the unharmed run -------------------------------------------------- */

/* 0, or an error that has been told. */
static int look_at_unharmed(tare_sweep_block_ *block, const struct tare__sweep_end *end)
{
    struct tare_sweep_ *sweep = block->sweep;
    if (sweep->run.open_error != 0)
        return fail(block, sweep->run.open_error);
    if (end->hung || end->status != 0 || sweep->run.done == 0 || sweep->run.failed.condition != NULL) {
        tare__sweep_fail_spoiled(sweep, end);
        return TARE_ERROR_SPOILED;
    }
    sweep->seen = sweep->faults.seen;
    sweep->bad_frees = sweep->faults.run.bad_frees;
    choose(sweep);
    return sweep->counted != 0 ? 0 : fail(block, TARE_ERROR_NO_POINTS);
}

/* ---- By fork ---------------------------------------------------------------- */

/* True in the child, which goes on into the block; else *error is 0, or what has been told. */
static bool run_by_fork(tare_sweep_block_ *block, bool harms, uintptr_t frame, struct tare__sweep_end *end, int *error)
{
    struct tare_sweep_ *sweep = block->sweep;
    int forked = tare__sweep_fork(sweep, end);
    *error = forked < 0 ? fail(block, TARE_ERROR_CANT_FORK) : 0;
    if (forked != 1)
        return false;
    sweep->state = TARE__SWEEP_CHILD; /* the parent sets it again */
    if (!open_run(block, harms, frame))
        _exit(1);
    return true;
}

static bool run_points_by_fork(tare_sweep_block_ *block, uintptr_t frame)
{
    struct tare_sweep_ *sweep = block->sweep;
    struct tare__sweep_end end;
    int error;
    for (uint64_t i = 0; i < sweep->chosen; i++) {
        sweep->point = tare__sweep_point(sweep, i);
        for (sweep->mode = 0; sweep->mode < TARE__FAULT_MODES; sweep->mode++) {
            if (!tare__sweep_has_mode(sweep, (enum tare__fault_mode)sweep->mode))
                continue;
            if (run_by_fork(block, true, frame, &end, &error))
                return true;
            if (error != 0)
                return false;
            note_run(sweep, &end);
        }
    }
    finish(block);
    return false;
}

static bool find_replay(struct tare_sweep_ *sweep, const struct tare__replay *replay)
{
    sweep->mode = replay->mode;
    for (sweep->point = 0; sweep->point < sweep->faults.point_count; sweep->point++)
        if (sweep->faults.points[sweep->point].id == replay->id && replay->id != 0)
            return sweep->faults.points[sweep->point].ordinal != 0;
    return false;
}

static void begin_replay(tare_sweep_block_ *block, const struct tare__replay *replay, uintptr_t frame)
{
    struct tare_sweep_ *sweep = block->sweep;
    if (!find_replay(sweep, replay)) {
        fail(block, TARE_ERROR_NO_SUCH_POINT);
        return;
    }
    memset(&sweep->run, 0, sizeof sweep->run);
    sweep->state = TARE__SWEEP_REPLAY;
    if (!open_run(block, true, frame))
        fail(block, sweep->run.open_error);
}

/* True in a child. */
static bool sweep_by_fork(tare_sweep_block_ *block, uintptr_t frame)
{
    struct tare__sweep_end end;
    struct tare__replay replay;
    int error;
    if (run_by_fork(block, false, frame, &end, &error))
        return true;
    if (error != 0 || look_at_unharmed(block, &end) != 0)
        return false;
    if (!tare__replay_wanted(&block->here, &replay))
        return run_points_by_fork(block, frame);
    begin_replay(block, &replay, frame);
    return false;
}

/* ---- In process ------------------------------------------------------------- */

/* Sets the point and the mode of the run at `at`; false after the last. */
static bool set_run(struct tare_sweep_ *sweep)
{
    bool both = sweep->options.mode == TARE_FAULT_ONCE_AND_FOREVER;
    uint64_t run = sweep->at - 1, modes = both ? 2 : 1;
    if (run >= sweep->chosen * modes)
        return false;
    sweep->point = tare__sweep_point(sweep, run / modes);
    sweep->mode = both                                     ? (uint32_t)(run % modes)
                  : sweep->options.mode == TARE_FAULT_ONCE ? TARE__FAULT_ONCE
                                                           : TARE__FAULT_FOREVER;
    return true;
}

/* The block comes to its end in this process. False when it is not to run again. */
static bool next_in_process(tare_sweep_block_ *block, uintptr_t frame)
{
    const struct tare__sweep_end fine = {false, 0, 0};
    struct tare_sweep_ *sweep = block->sweep;
    struct tare__replay replay;
    close_run(block, false);
    if (sweep->at == 0) {
        if (look_at_unharmed(block, &fine) != 0)
            return false;
        if (tare__replay_wanted(&block->here, &replay)) {
            begin_replay(block, &replay, frame);
            return block->scope != NULL;
        }
    } else {
        note_run(sweep, &fine);
    }
    sweep->at++;
    memset(&sweep->run, 0, sizeof sweep->run);
    if (set_run(sweep)) {
        if (open_run(block, true, frame))
            return true;
        fail(block, sweep->run.open_error);
        return false;
    }
    finish(block);
    tare__fault_forget_fired();
    return true; /* once more, with nothing failing */
}

/* ---- The block -------------------------------------------------------------- */

static bool is_possible(const tare_sweep_options *options)
{
    return (unsigned)options->points <= TARE_FAULT_ALLOCATIONS && (unsigned)options->mode <= TARE_FAULT_FROM_THERE_ON &&
           (unsigned)options->isolation <= TARE_FAULT_IN_PROCESS &&
           (options->size_high == 0 || options->size_low <= options->size_high);
}

static struct tare_sweep_ *map_sweep(const tare_sweep_block_ *block)
{
    struct tare_sweep_ *sweep =
        mmap(NULL, sizeof *sweep, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (sweep == MAP_FAILED)
        return NULL;
    sweep->here = block->here;
    sweep->options = block->options;
    sweep->standard_error = memfd_create("tare sweep", MFD_CLOEXEC);
    return sweep;
}

void tare_sweep_begin_(tare_sweep_block_ *block, const tare_sweep_options *options, tare_here_ here)
{
    *block = (tare_sweep_block_){.options = *options, .here = here, .running = true};
    int error = !is_possible(options) ? TARE_ERROR_BAD_FAULT : tare__scope_canary() ? 0 : TARE_ERROR_NOT_ATTACHED;
    if (error == 0 && (block->sweep = map_sweep(block)) == NULL)
        error = TARE_ERROR_NO_MEMORY;
    if (error != 0) {
        fail(block, error);
        return;
    }
    if (options->isolation == TARE_FAULT_IN_PROCESS) {
        block->sweep->state = TARE__SWEEP_IN_PROCESS;
        if (!open_run(block, false, TARE__FRAME)) {
            fail(block, block->sweep->run.open_error);
            unmap(block);
        }
        return;
    }
    if (sweep_by_fork(block, TARE__FRAME) || block->scope != NULL)
        return;
    unmap(block);
    tare__fault_forget_fired();
}

static void end_replay(tare_sweep_block_ *block, bool by_exception)
{
    const struct tare__sweep_end fine = {false, 0, 0};
    close_run(block, by_exception);
    note_run(block->sweep, &fine);
    finish(block);
}

/* The block has been left, in one way or another. */
static void leave(tare_sweep_block_ *block, bool by_exception)
{
    struct tare_sweep_ *sweep = block->sweep;
    if (sweep == NULL)
        return;
    enum tare__sweep_state state = sweep->state;
    if (state == TARE__SWEEP_CHILD) {
        close_run(block, by_exception);
        _exit(0);
    }
    if (state == TARE__SWEEP_REPLAY)
        end_replay(block, by_exception);
    if (state == TARE__SWEEP_IN_PROCESS)
        close_run(block, by_exception);
    unmap(block);
    if (state == TARE__SWEEP_IN_PROCESS && !by_exception)
        fail(block, TARE_ERROR_LEFT_EARLY);
}

void tare_sweep_next_(tare_sweep_block_ *block)
{
    struct tare_sweep_ *sweep = block->sweep;
    if (sweep != NULL && sweep->state == TARE__SWEEP_IN_PROCESS) {
        block->running = next_in_process(block, TARE__FRAME);
        if (!block->running)
            sweep->state = TARE__SWEEP_OVER;
        return;
    }
    block->running = false;
    leave(block, false);
}

void tare_sweep_end_(tare_sweep_block_ *block)
{
    leave(block, false);
}

void tare_sweep_end_quietly_(tare_sweep_block_ *block)
{
    leave(block, true);
}
