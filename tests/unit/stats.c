/* SPDX-License-Identifier: MIT */
/* What can be said of figures one has: difference, equality, text. Each check
 * is made for every statistic of the list. */
#include <tare/tare.h>

#include "check.h"

enum { ROOM = 2048 };

/* Each statistic with a value of its own, by its place in the list. */
static tare_stats numbered(int64_t first)
{
    tare_stats stats = {0};
#define NUMBER(type, name, unit, text) stats.name = (type)first++;
    TARE_STATISTICS(NUMBER)
#undef NUMBER
    return stats;
}

static tare_stats not_attached(void)
{
    tare_stats stats = {.inexact = TARE_INEXACT_NOT_ATTACHED};
#define UNKNOWN(type, name, unit, text) stats.name = (type)UINT64_MAX;
    TARE_STATISTICS(UNKNOWN)
#undef UNKNOWN
    return stats;
}

static void check_difference(void)
{
    tare_stats before = numbered(1000), after = numbered(1000);
    int64_t expected = -3;
#define MOVE(type, name, unit, text) after.name += (type)expected++;
    TARE_STATISTICS(MOVE)
#undef MOVE
    before.inexact = TARE_INEXACT_LOST;
    after.inexact = TARE_INEXACT_REENTERED;
    tare_difference difference = tare_stats_difference(&before, &after);
    expected = -3;
#define EXPECT(type, name, unit, text) CHECK_EQUAL(difference.name, expected++);
    TARE_STATISTICS(EXPECT)
#undef EXPECT
    CHECK_EQUAL(difference.inexact, TARE_INEXACT_LOST | TARE_INEXACT_REENTERED);

    before = (tare_stats){.bytes_reallocated = INT64_MAX};
    after = (tare_stats){.bytes_reallocated = INT64_MIN + 1, .allocations = (uint64_t)INT64_MAX};
    difference = tare_stats_difference(&before, &after);
    CHECK_EQUAL(difference.bytes_reallocated, 2); /* it wraps, and no sanitizer objects */
    CHECK_EQUAL(difference.allocations, INT64_MAX);
}

static void check_equality(void)
{
    tare_stats a = numbered(5), b = numbered(5);
    CHECK(tare_stats_equal(&a, &b));
#define DIFFER(type, name, unit, text)                                                                                 \
    b.name++;                                                                                                          \
    CHECK(!tare_stats_equal(&a, &b));                                                                                  \
    CHECK(!tare_stats_equal(&b, &a));                                                                                  \
    b.name--;
    TARE_STATISTICS(DIFFER)
#undef DIFFER
    b.inexact = TARE_INEXACT_LOST;
    CHECK(!tare_stats_equal(&a, &b));
    a.inexact = TARE_INEXACT_LOST;
    CHECK(tare_stats_equal(&a, &b));
}

/* The line of a statistic: its name, blanks, the figure. */
static void check_line(const char *text, const char *name, const char *figure)
{
    const char *at = text;
    size_t length = strlen(name);
    while (strncmp(at, name, length) != 0 || at[length] != ' ') {
        at = strchr(at, '\n');
        CHECK(at != NULL);
        at++;
    }
    at += length;
    at += strspn(at, " ");
    CHECK(strncmp(at, figure, strlen(figure)) == 0);
    CHECK_EQUAL(at[strlen(figure)], '\n');
}

static int lines(const char *text)
{
    int count = 0;
    for (; *text != '\0'; text++)
        count += *text == '\n';
    return count;
}

static void check_text(void)
{
    char text[ROOM], figure[32];
    tare_stats stats = numbered(1234567890123);
    CHECK_EQUAL(tare_stats_format(&stats, text, sizeof text), strlen(text));
    int statistics = 0;
#define LINE(type, name, unit, meaning)                                                                                \
    snprintf(figure, sizeof figure, "%" PRId64, (int64_t)stats.name);                                                  \
    check_line(text, #name, figure);                                                                                   \
    statistics++;
    TARE_STATISTICS(LINE)
#undef LINE
    CHECK_EQUAL(lines(text), statistics);

    stats.bytes_reallocated = INT64_MIN;
    stats.bytes_allocated = UINT64_MAX;
    tare_stats_format(&stats, text, sizeof text);
    check_line(text, "bytes_reallocated", "-9223372036854775808");
    check_line(text, "bytes_allocated", "18446744073709551615");

    stats = not_attached();
    tare_stats_format(&stats, text, sizeof text);
#define UNKNOWN(type, name, unit, meaning) check_line(text, #name, "unknown");
    TARE_STATISTICS(UNKNOWN)
#undef UNKNOWN
    CHECK_EQUAL(lines(text), statistics + 1);
    CHECK_CONTAINS(text, tare_inexact_text(TARE_INEXACT_NOT_ATTACHED));

    stats = numbered(1);
    stats.inexact = (1u << TARE_INEXACT_COUNT) - 1 - TARE_INEXACT_NOT_ATTACHED;
    tare_stats_format(&stats, text, sizeof text);
    CHECK_EQUAL(lines(text), statistics + TARE_INEXACT_COUNT - 1);
}

/* Every reason has its own bit, its text, and a line in what is printed. */
static void check_reasons(void)
{
    uint32_t all = 0;
#define REASON(name, meaning)                                                                                          \
    {                                                                                                                  \
        CHECK((all & TARE_INEXACT_##name) == 0);                                                                       \
        all |= TARE_INEXACT_##name;                                                                                    \
        CHECK(strcmp(tare_inexact_text(TARE_INEXACT_##name), meaning) == 0);                                           \
        tare_stats stats = {.inexact = TARE_INEXACT_##name};                                                           \
        char text[ROOM];                                                                                               \
        tare_stats_format(&stats, text, sizeof text);                                                                  \
        CHECK_CONTAINS(text, "\ninexact: " meaning "\n");                                                              \
        tare_stats_format_json(&stats, text, sizeof text);                                                             \
        CHECK_CONTAINS(text, "\"inexact\":[\"" #name "\"]");                                                           \
    }
    TARE_INEXACT_REASONS(REASON)
#undef REASON
    CHECK_EQUAL(all, (1u << TARE_INEXACT_COUNT) - 1);
    CHECK(tare_inexact_text(0) == NULL);
    CHECK(tare_inexact_text(1u << TARE_INEXACT_COUNT) == NULL);
    CHECK(tare_inexact_text(TARE_INEXACT_LOST | TARE_INEXACT_REENTERED) == NULL);
}

typedef size_t formatter(const tare_stats *stats, char *buffer, size_t size);

/* As snprintf: any size is fine, and the length is always the whole one. */
static void check_sizes(formatter *format, const tare_stats *stats)
{
    static char whole[ROOM], buffer[ROOM];
    size_t length = format(stats, whole, sizeof whole);
    CHECK_EQUAL(length, strlen(whole));
    CHECK_EQUAL(format(stats, NULL, 0), length);
    for (size_t size = 0; size <= length + 2; size++) {
        memset(buffer, '~', sizeof buffer);
        CHECK_EQUAL(format(stats, buffer, size), length);
        size_t written = size <= length ? size : length + 1;
        if (written > 0) {
            CHECK(memcmp(buffer, whole, written - 1) == 0);
            CHECK_EQUAL(buffer[written - 1], '\0');
        }
        for (size_t i = written; i < length + 8; i++)
            CHECK_EQUAL(buffer[i], '~');
    }
}

static void check_errors(void)
{
#define ERROR(name, value, text)                                                                                       \
    CHECK_EQUAL(TARE_ERROR_##name, value);                                                                             \
    CHECK(value < 0);                                                                                                  \
    CHECK(strcmp(tare_error_text(TARE_ERROR_##name), text) == 0);
    TARE_ERRORS(ERROR)
#undef ERROR
    CHECK(strcmp(tare_error_text(TARE_OK), "no error") == 0);
    CHECK(tare_error_text(1) != NULL && tare_error_text(-1000) != NULL);
}

/* It promises to allocate nothing, so that it may stand in a measured block. */
static void check_allocates_nothing(void)
{
    char text[ROOM];
    tare_stats stats = numbered(1);
    tare_expect_no_allocations() {
        tare_stats_format(&stats, text, sizeof text);
        tare_stats_format_json(&stats, text, sizeof text);
    }
}

int main(void)
{
    check_difference();
    check_equality();
    check_text();
    check_reasons();
    tare_stats stats = numbered(-2);
    check_sizes(tare_stats_format, &stats);
    check_sizes(tare_stats_format_json, &stats);
    stats = not_attached();
    stats.inexact = (1u << TARE_INEXACT_COUNT) - 1;
    check_sizes(tare_stats_format, &stats);
    check_sizes(tare_stats_format_json, &stats);
    check_errors();
    check_allocates_nothing();
    return 0;
}
