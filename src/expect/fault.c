/* SPDX-License-Identifier: MIT */
/* Single failures, and what a test says of a run. */
#include "fault.h"

#include <string.h>

#include "explain.h"
#include "failure.h"
#include "fault_sweep.h"
#include "os.h"
#include "scope.h"
#include "text.h"

/* ---- Single failures -------------------------------------------------------- */

static const char *const function_names[] = {
    [TARE_FAIL_NTH_] = "tare_fail_nth",
    [TARE_FAIL_SITES_] = "tare_fail_sites",
    [TARE_FAIL_OVER_] = "tare_fail_over",
    [TARE_FAIL_RANDOM_] = "tare_fail_random",
};

static bool is_possible(const tare_fail_ *what)
{
    if (what->size_high != 0 && what->size_low > what->size_high)
        return false;
    if (what->kind == TARE_FAIL_RANDOM_)
        return what->probability >= 0 && what->probability <= 1;
    if (what->kind == TARE_FAIL_SITES_)
        return what->pattern != NULL;
    return what->kind != TARE_FAIL_NTH_ || what->number != 0;
}

static struct tare__fault_plan plan_of(const tare_fail_ *what)
{
    static const enum tare__fault_kind kinds[] = {
        [TARE_FAIL_NTH_] = TARE__FAULT_NTH,
        [TARE_FAIL_SITES_] = TARE__FAULT_RANGES,
        [TARE_FAIL_OVER_] = TARE__FAULT_OVER,
        [TARE_FAIL_RANDOM_] = TARE__FAULT_RANDOM,
    };
    struct tare__fault_plan plan = {
        .kind = kinds[what->kind],
        .everywhere = what->everywhere,
        .target = what->number,
        .in_a_row = what->in_a_row != 0 ? what->in_a_row : 1,
        .size_low = what->size_low,
        .size_high = what->size_high != 0 ? what->size_high : UINT64_MAX,
    };
    if (what->kind == TARE_FAIL_RANDOM_) {
        plan.target = (uint64_t)(what->probability * 4294967296.0);
        plan.seed = what->number;
    }
    if (what->kind == TARE_FAIL_OVER_ && plan.target > INT64_MAX)
        plan.target = INT64_MAX;
    return plan;
}

void tare_fail_begin_(tare_fail_block_ *block, const tare_fail_ *what, tare_here_ here)
{
    *block = (tare_fail_block_){.here = here, .running = true};
    struct tare__arming arming = {.plan = plan_of(what)};
    int error = is_possible(what) ? 0 : TARE_ERROR_BAD_FAULT;
    if (error == 0 && what->kind == TARE_FAIL_SITES_)
        error = tare__explain_functions(what->pattern, &arming) ? 0 : TARE_ERROR_NO_SITES;
    if (error == 0) {
        const tare_options options = {.name = what->name, .domain = what->domain, .sites = TARE_SITES_OFF};
        const struct tare__place place = {(uintptr_t)block, TARE__FRAME};
        block->scope = tare__scope_open_armed(&options, place, &arming, &error);
        if (block->scope == NULL && arming.ranges_bytes != 0)
            tare__os_unmap(arming.ranges, arming.ranges_bytes);
    }
    if (error != 0)
        tare__fail_error(error, function_names[what->kind], what->name, &here);
}

void tare_fail_end_(tare_fail_block_ *block)
{
    if (block->scope != NULL)
        tare__scope_take(block->scope, TARE__CLOSE, NULL, NULL);
    block->scope = NULL;
}

/* Above all that the block calls, and below what its function was called by: where the block's variable is, unless a
 * sanitizer keeps it elsewhere. */
static uintptr_t edge_of(const tare_spared_block_ *block, uintptr_t frame)
{
    enum { FRAME_MOST = 1 << 20 };
    uintptr_t variable = (uintptr_t)block;
    return variable >= frame && variable - frame < FRAME_MOST ? variable : frame;
}

void tare_spared_begin_(tare_spared_block_ *block, int unused, tare_here_ here)
{
    (void)unused;
    *block = (tare_spared_block_){.here = here, .running = true};
    block->before = tare__fault_spare(edge_of(block, TARE__FRAME));
}

void tare_spared_end_(tare_spared_block_ *block)
{
    tare__fault_spare(block->before);
}

uint64_t tare_fault_fired(void)
{
    uint64_t fired;
    tare__fault_is_open(&fired);
    return fired;
}

/* ---- Checks ----------------------------------------------------------------- */

static void fail_check(const char *condition, bool is_success, bool holds, const tare_here_ *here)
{
    char message[TARE__MESSAGE_BYTES];
    struct tare__text text = tare__text_in(message, sizeof message);
    tare__text_add(&text, "tare: ");
    tare__text_add(&text, here->file);
    tare__text_add(&text, ":");
    tare__text_add_signed(&text, here->line);
    tare__text_add(&text, ": in ");
    tare__text_add(&text, here->function);
    tare__text_add(&text, !is_success ? ": check failed: "
                          : holds     ? ": success, though an allocation failed: "
                                      : ": no success, though no allocation failed: ");
    tare__text_add(&text, condition);
    tare__text_add(&text, "\n");
    tare__end_message(&text);
    tare__fail(&(tare_failure){.message = message, .file = here->file, .function = here->function, .line = here->line});
}

bool tare_fault_check_(bool holds, bool is_success, const char *condition, tare_here_ here)
{
    uint64_t fired;
    struct tare_sweep_ *sweep = tare__sweep_now;
    bool armed = tare__fault_is_open(&fired);
    bool harmed = sweep != NULL ? sweep->faults.fired != 0 : armed && fired != 0;
    if (is_success ? holds != harmed : holds)
        return holds;
    if (sweep == NULL) {
        fail_check(condition, is_success, holds, &here);
        return holds;
    }
    struct tare__sweep_check *check = is_success && harmed ? &sweep->run.wrong_success : &sweep->run.failed;
    if (check->condition == NULL)
        *check = (struct tare__sweep_check){condition, here.file, here.line};
    return holds;
}
