/* SPDX-License-Identifier: MIT */
/* What can be said of figures one has: all of it comes from the list of
 * statistics in tare.h. */
#include <tare/tare.h>

#include "stats.h"
#include "text.h"

tare_difference tare_stats_difference(const tare_stats *before, const tare_stats *after)
{
    tare_difference difference;
#define SUBTRACT(type, name, unit, text) difference.name = (int64_t)((uint64_t)after->name - (uint64_t)before->name);
    TARE_STATISTICS(SUBTRACT)
#undef SUBTRACT
    difference.inexact = before->inexact | after->inexact;
    return difference;
}

bool tare_stats_equal(const tare_stats *a, const tare_stats *b)
{
    bool equal = a->inexact == b->inexact;
#define COMPARE(type, name, unit, text) equal &= a->name == b->name;
    TARE_STATISTICS(COMPARE)
#undef COMPARE
    return equal;
}

tare_stats tare__stats_not_attached(void)
{
    tare_stats stats = {.inexact = TARE_INEXACT_NOT_ATTACHED};
#define UNKNOWN(type, name, unit, text) stats.name = (type)UINT64_MAX;
    TARE_STATISTICS(UNKNOWN)
#undef UNKNOWN
    return stats;
}

static const struct {
    uint32_t bit;
    const char *name;
    const char *text;
} reasons[TARE_INEXACT_COUNT] = {
#define REASON(name, text) {TARE_INEXACT_##name, #name, text},
    TARE_INEXACT_REASONS(REASON)
#undef REASON
};

const char *tare_inexact_text(uint32_t bit)
{
    for (int i = 0; i < TARE_INEXACT_COUNT; i++)
        if (reasons[i].bit == bit)
            return reasons[i].text;
    return NULL;
}

const char *tare__inexact_name(uint32_t bit)
{
    for (int i = 0; i < TARE_INEXACT_COUNT; i++)
        if (reasons[i].bit == bit)
            return reasons[i].name;
    return NULL;
}

const char *tare_error_text(int error)
{
    switch (error) {
    case TARE_OK:
        return "no error";
#define TEXT(name, value, text)                                                                                        \
    case value:                                                                                                        \
        return text;
        TARE_ERRORS(TEXT)
#undef TEXT
    default:
        return "no such error";
    }
}

#define ADD_uint64_t tare__text_add_unsigned
#define ADD_int64_t tare__text_add_signed

size_t tare_stats_format(const tare_stats *stats, char *buffer, size_t size)
{
    struct tare__text text = tare__text_in(buffer, size);
    size_t line;
#define LINE(type, name, unit, meaning)                                                                                \
    line = text.length;                                                                                                \
    tare__text_add(&text, #name);                                                                                      \
    tare__text_pad(&text, line, TARE__STATISTIC_COLUMN);                                                               \
    if (stats->inexact & TARE_INEXACT_NOT_ATTACHED)                                                                    \
        tare__text_add(&text, "unknown");                                                                              \
    else                                                                                                               \
        ADD_##type(&text, stats->name);                                                                                \
    tare__text_add(&text, "\n");
    TARE_STATISTICS(LINE)
#undef LINE
    tare__stats_add_inexact(&text, stats->inexact);
    return text.length;
}

void tare__stats_add_inexact(struct tare__text *text, uint32_t inexact)
{
    for (int i = 0; i < TARE_INEXACT_COUNT; i++)
        if (inexact & reasons[i].bit) {
            tare__text_add(text, "inexact: ");
            tare__text_add(text, reasons[i].text);
            tare__text_add(text, "\n");
        }
}

size_t tare_stats_format_json(const tare_stats *stats, char *buffer, size_t size)
{
    struct tare__text text = tare__text_in(buffer, size);
    const char *separator = "{";
#define MEMBER(type, name, unit, meaning)                                                                              \
    tare__text_add(&text, separator);                                                                                  \
    tare__text_add(&text, "\"" #name "\":");                                                                           \
    if (stats->inexact & TARE_INEXACT_NOT_ATTACHED)                                                                    \
        tare__text_add(&text, "null");                                                                                 \
    else                                                                                                               \
        ADD_##type(&text, stats->name);                                                                                \
    separator = ",";
    TARE_STATISTICS(MEMBER)
#undef MEMBER
    tare__text_add(&text, ",\"inexact\":[");
    separator = "\"";
    for (int i = 0; i < TARE_INEXACT_COUNT; i++)
        if (stats->inexact & reasons[i].bit) {
            tare__text_add(&text, separator);
            tare__text_add(&text, reasons[i].name);
            tare__text_add(&text, "\"");
            separator = ",\"";
        }
    tare__text_add(&text, "]}");
    return text.length;
}
