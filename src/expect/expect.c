/* SPDX-License-Identifier: MIT */
/*
 * Expectations. Where one does not hold, its scope is saved while it is still there, and
 * then explained. Until then nothing is done for that.
 */
#include <errno.h>
#include <string.h>

#include "compiler.h"
#include "environment.h"
#include "explaining.h"
#include "failure.h"
#include "options.h"
#include "saved.h"
#include "scope.h"
#include "violation.h"

#define LEAKS (TARE__STATISTIC_BIT(leaked_allocations) | TARE__STATISTIC_BIT(leaked_bytes))

static bool is_possible(const tare_expectation *expectation)
{
    bool possible = true;
#define POSSIBLE(type, name, unit, text) possible &= expectation->name.low <= expectation->name.high;
    TARE_STATISTICS(POSSIBLE)
#undef POSSIBLE
    return possible;
}

bool tare_check_(const tare_stats *stats, const tare_expectation *expectation, tare_here_ here)
{
    if (stats == NULL) {
        tare__fail_error(TARE_ERROR_NULL_ARGUMENT, "tare_check", expectation->name, &here);
        return false;
    }
    if (!is_possible(expectation)) {
        tare__fail_error(TARE_ERROR_BAD_BOUND, "tare_check", expectation->name, &here);
        return false;
    }
    if (tare__all_hold(expectation, stats))
        return true;
    tare__violation_fail(&(struct tare__violation){.expectation = expectation, .stats = stats, .here = &here});
    return false;
}

void tare_expect_begin_(tare_expect_block_ *block, const tare_expectation *expectation, tare_here_ here)
{
    *block = (tare_expect_block_){.expectation = *expectation, .here = here, .running = true};
    int error = TARE_ERROR_BAD_BOUND;
    if (is_possible(expectation)) {
        const tare_options options = TARE__OPTIONS_OF(expectation);
        const struct tare__place place = {(uintptr_t)block, TARE__FRAME};
        block->scope = tare__scope_open(&options, place, &error);
    }
    if (block->scope == NULL)
        tare__fail_error(error, "tare_expect", expectation->name, &here);
}

/* ---- The end of a block ----------------------------------------------------- */

struct ending {
    const tare_expect_block_ *block;
    tare_stats stats;
    struct tare__kept kept; /* where a path was asked for */
    bool has_sites, has_path;
    int save_error; /* -1: there was nothing to save */
};

/* Under tare's lock. */
static const char *path_where_violated(const tare_stats *stats, int error, void *context)
{
    struct ending *ending = context;
    if (error == 0 && tare__all_hold(&ending->block->expectation, stats))
        return NULL;
    if (!ending->has_sites)
        return NULL;
    ending->has_path = true;
    return tare__kept_path(&ending->kept, error);
}

static int close_scope(struct ending *ending)
{
    const tare_expect_block_ *block = ending->block;
    ending->has_path = false;
    ending->has_sites = block->expectation.sites == TARE_SITES_ON && tare__environment_sites();
    struct tare__keep keep = {
        .path = path_where_violated, .context = ending, .source = block->here.file, .line = (uint32_t)block->here.line};
    int error = tare__scope_take_keeping(block->scope, &ending->stats, NULL, &keep);
    ending->save_error = keep.error;
    if (error != 0 && keep.error == 0)
        tare__kept_drop(&ending->kept);
    return error;
}

/* Leaks that are suppressed are none. */
static uint32_t judge_again(const tare_stats *stats, void *context)
{
    struct ending *ending = context;
    ending->stats.leaked_allocations = stats->leaked_allocations;
    ending->stats.leaked_bytes = stats->leaked_bytes;
    return tare__violated(&ending->block->expectation, &ending->stats);
}

static struct tare__explained explain(struct ending *ending)
{
    const tare_expectation *expectation = &ending->block->expectation;
    uint32_t violated = tare__violated(expectation, &ending->stats);
    const struct tare__explain_request request = {
        .path = ending->kept.path,
        .leaks = (violated & LEAKS) != 0,
        .forbidden = tare__forbidden(expectation),
        .violated = judge_again,
        .context = ending,
        .violated_at_first = violated,
    };
    return tare__explain_scope(&request);
}

static const char *without_sites(const struct ending *ending)
{
    if (ending->block->expectation.sites != TARE_SITES_ON)
        return "the scope collects none: .sites = TARE_SITES_OFF";
    if (!ending->has_sites)
        return "no scope collects any: TARE_SITES=off is in the environment";
    return ending->save_error != 0 ? "its record could not be written" : NULL;
}

static void fail(struct ending *ending)
{
    struct tare__explained explained = {NULL, 0, 0};
    bool saved = ending->save_error == 0;
    if (saved)
        explained = explain(ending);
    if (tare__all_hold(&ending->block->expectation, &ending->stats)) {
        tare__kept_drop(&ending->kept);
    } else {
        if (saved)
            tare__kept_done(&ending->kept);
        tare__violation_fail(&(struct tare__violation){
            .expectation = &ending->block->expectation,
            .stats = &ending->stats,
            .here = &ending->block->here,
            .explained = &explained,
            .kept = ending->has_path ? &ending->kept : NULL,
            .without = without_sites(ending),
        });
    }
    tare__explained_free(&explained);
}

void tare_expect_end_(tare_expect_block_ *block)
{
    if (block->scope == NULL)
        return;
    struct ending ending;
    ending.block = block;
    int error = close_scope(&ending);
    if (error != 0)
        tare__fail_error(error, "tare_expect", block->expectation.name, &block->here);
    else if (!tare__all_hold(&block->expectation, &ending.stats))
        fail(&ending);
}

void tare_expect_end_quietly_(tare_expect_block_ *block)
{
    if (block->scope != NULL)
        tare__scope_take(block->scope, TARE__CLOSE, NULL, NULL);
}
