/* SPDX-License-Identifier: MIT */
/* Expectations: a bound for each statistic, and the message when one fails. */
#include <string.h>

#include "compiler.h"
#include "failure.h"
#include "options.h"
#include "scope.h"
#include "start.h"
#include "stats.h"
#include "text.h"

enum { EXPECTED_COLUMN = TARE__STATISTIC_COLUMN + 2, ACTUAL_COLUMN = 52 };

static bool holds(tare_bound bound, int64_t actual)
{
    return !bound.set || (actual >= bound.low && actual <= bound.high);
}

static bool all_hold(const tare_expectation *expectation, const tare_stats *stats)
{
    bool all = stats->inexact == 0;
#define HOLDS(type, name, unit, text) all = all && holds(expectation->name, (int64_t)stats->name);
    TARE_STATISTICS(HOLDS)
#undef HOLDS
    return all;
}

static bool is_possible(const tare_expectation *expectation)
{
    bool possible = true;
#define POSSIBLE(type, name, unit, text) possible &= expectation->name.low <= expectation->name.high;
    TARE_STATISTICS(POSSIBLE)
#undef POSSIBLE
    return possible;
}

static void add_bound(struct tare__text *text, tare_bound bound)
{
    if (bound.low == bound.high) {
        tare__text_add(text, "exactly ");
        tare__text_add_signed(text, bound.low);
    } else if (bound.low == INT64_MIN) {
        tare__text_add(text, "at most ");
        tare__text_add_signed(text, bound.high);
    } else if (bound.high == INT64_MAX) {
        tare__text_add(text, "at least ");
        tare__text_add_signed(text, bound.low);
    } else {
        tare__text_add(text, "between ");
        tare__text_add_signed(text, bound.low);
        tare__text_add(text, " and ");
        tare__text_add_signed(text, bound.high);
    }
}

static void add_row(struct tare__text *text, const char *name, tare_bound bound, int64_t actual)
{
    if (!bound.set)
        return;
    size_t line = text->length;
    tare__text_add(text, holds(bound, actual) ? "  " : "! ");
    tare__text_add(text, name);
    tare__text_pad(text, line, EXPECTED_COLUMN);
    add_bound(text, bound);
    tare__text_pad(text, line, ACTUAL_COLUMN);
    tare__text_add_signed(text, actual);
    tare__text_add(text, "\n");
}

static void add_table(struct tare__text *text, const tare_expectation *expectation, const tare_stats *stats)
{
    size_t line = text->length;
    tare__text_add(text, "  statistic");
    tare__text_pad(text, line, EXPECTED_COLUMN);
    tare__text_add(text, "expected");
    tare__text_pad(text, line, ACTUAL_COLUMN);
    tare__text_add(text, "actual\n");
#define ROW(type, name, unit, meaning) add_row(text, #name, expectation->name, (int64_t)stats->name);
    TARE_STATISTICS(ROW)
#undef ROW
}

static void fail(const tare_expectation *expectation, const tare_stats *stats, tare_here_ here)
{
    char message[TARE__MESSAGE_BYTES];
    struct tare__text text = tare__text_in(message, sizeof message);
    tare__text_add(&text, "tare: ");
    tare__text_add(&text, here.file);
    tare__text_add(&text, ":");
    tare__text_add_signed(&text, here.line);
    tare__text_add(&text, ": in ");
    tare__text_add(&text, here.function);
    tare__text_add(&text, ": ");
    tare__text_add(&text, stats->inexact == 0 ? "expectation failed" : "expectation can't be judged");
    if (expectation->name != NULL) {
        tare__text_add(&text, ": ");
        tare__text_add(&text, expectation->name);
    }
    tare__text_add(&text, "\n");
    if ((stats->inexact & TARE_INEXACT_NOT_ATTACHED) == 0)
        add_table(&text, expectation, stats);
    tare__stats_add_inexact(&text, stats->inexact);
    tare__text_add(&text, "measured by: ");
    tare__text_add(&text, tare__link_mode());
    tare__text_add(&text, "\n");
    tare__end_message(&text);
    tare__fail(&(tare_failure){
        .message = message, .file = here.file, .function = here.function, .line = here.line, .stats = stats});
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
    if (all_hold(expectation, stats))
        return true;
    fail(expectation, stats, here);
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

void tare_expect_end_(tare_expect_block_ *block)
{
    if (block->scope == NULL)
        return;
    tare_stats stats;
    int error = tare__scope_take(block->scope, TARE__CLOSE, &stats, NULL);
    if (error != 0)
        tare__fail_error(error, "tare_expect", block->expectation.name, &block->here);
    else if (!all_hold(&block->expectation, &stats))
        fail(&block->expectation, &stats, block->here);
}

void tare_expect_end_quietly_(tare_expect_block_ *block)
{
    if (block->scope != NULL)
        tare__scope_take(block->scope, TARE__CLOSE, NULL, NULL);
}
