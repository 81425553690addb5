/* SPDX-License-Identifier: MIT */
#include "violation.h"

#include <string.h>

#include "explaining.h"
#include "failure.h"
#include "message.h"
#include "probe.h"
#include "start.h"
#include "stats.h"
#include "text.h"

enum { EXPECTED_COLUMN = TARE__STATISTIC_COLUMN + 2, ACTUAL_COLUMN = 52 };

/* ---- Judging ---------------------------------------------------------------- */

static bool holds(tare_bound bound, int64_t actual)
{
    return !bound.set || (actual >= bound.low && actual <= bound.high);
}

uint32_t tare__violated(const tare_expectation *expectation, const tare_stats *stats)
{
    uint32_t bits = 0;
#define JUDGE(type, name, unit, text)                                                                                  \
    bits |= holds(expectation->name, (int64_t)stats->name) ? 0 : TARE__STATISTIC_BIT(name);
    TARE_STATISTICS(JUDGE)
#undef JUDGE
    return bits;
}

uint32_t tare__forbidden(const tare_expectation *expectation)
{
    uint32_t bits = 0;
#define FORBIDDEN(type, name, unit, text)                                                                              \
    bits |= expectation->name.set && expectation->name.high <= 0 ? TARE__STATISTIC_BIT(name) : 0;
    TARE_STATISTICS(FORBIDDEN)
#undef FORBIDDEN
    return bits;
}

bool tare__all_hold(const tare_expectation *expectation, const tare_stats *stats)
{
    return stats->inexact == 0 && tare__violated(expectation, stats) == 0;
}

/* ---- The message ------------------------------------------------------------ */

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

static void add_head(struct tare__text *text, const struct tare__violation *violation)
{
    const tare_stats *stats = violation->stats;
    const tare_here_ *here = violation->here;
    tare__text_add(text, "tare: ");
    tare__text_add(text, here->file);
    tare__text_add(text, ":");
    tare__text_add_signed(text, here->line);
    tare__text_add(text, ": in ");
    tare__text_add(text, here->function);
    tare__text_add(text, ": ");
    tare__text_add(text, stats->inexact == 0 ? "expectation failed" : "expectation can't be judged");
    if (violation->expectation->name != NULL) {
        tare__text_add(text, ": ");
        tare__text_add(text, violation->expectation->name);
    }
    tare__text_add(text, "\n");
    if ((stats->inexact & TARE_INEXACT_NOT_ATTACHED) == 0)
        add_table(text, violation->expectation, stats);
    tare__stats_add_inexact(text, stats->inexact);
}

static void add_tail(struct tare__text *text, const struct tare__violation *violation)
{
    if (violation->without != NULL) {
        tare__text_add(text, "no call stacks: ");
        tare__text_add(text, violation->without);
        tare__text_add(text, "\n");
    }
    if (violation->kept != NULL)
        tare__kept_say(text, violation->kept);
    tare__text_add(text, "measured by: ");
    tare__text_add(text, tare__link_mode());
    tare__text_add(text, "\n");
    tare__end_message(text);
}

static void tell(const struct tare__violation *violation, const char *message)
{
    const struct tare__kept *kept = violation->kept;
    tare__fail(&(tare_failure){
        .message = message,
        .file = violation->here->file,
        .function = violation->here->function,
        .line = violation->here->line,
        .stats = violation->stats,
        .snapshot_path = kept != NULL && !kept->temporary ? kept->path : NULL,
    });
}

static const char *or_empty(const char *text)
{
    return text != NULL ? text : "";
}

static TARE__COLD void tell_listeners(const struct tare__violation *violation)
{
    const char *statistic = "";
    int64_t actual = 0;
    uint32_t violated = violation->stats->inexact == 0 ? tare__violated(violation->expectation, violation->stats) : 0;
#define FIRST(type, name, unit, text)                                                                                  \
    if (*statistic == '\0' && (violated & TARE__STATISTIC_BIT(name)) != 0) {                                           \
        statistic = #name;                                                                                             \
        actual = (int64_t)violation->stats->name;                                                                      \
    }
    TARE_STATISTICS(FIRST)
#undef FIRST
    tare__probe_tare_expectation_failed(or_empty(violation->expectation->name), or_empty(violation->here->file),
                                        (uint64_t)violation->here->line, statistic, actual);
}

/* Without memory for more the figures are all that is told. */
void tare__violation_fail(const struct tare__violation *violation)
{
    if (TARE__LISTENED(failure))
        tell_listeners(violation);
    char message[TARE__MESSAGE_BYTES];
    struct tare__text text = tare__text_in(message, sizeof message);
    size_t more = violation->explained != NULL ? violation->explained->length : 0;
    char *large = more > 0 ? tare__message_take(sizeof message + more) : NULL;
    if (large != NULL)
        text = tare__text_in(large, sizeof message + more);
    add_head(&text, violation);
    if (large != NULL)
        tare__text_add(&text, violation->explained->text);
    add_tail(&text, violation);
    tell(violation, text.buffer);
    if (large != NULL)
        tare__message_give(large);
}
