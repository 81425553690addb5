/* SPDX-License-Identifier: MIT */
/* The JSON of statistics, read by somebody else's parser: one object, each
 * statistic a key of its own name, and what is inexact. */
#include <jansson.h>
#include <tare/tare.h>

#include "check.h"

static json_t *parsed(const tare_stats *stats)
{
    char text[2048];
    size_t length = tare_stats_format_json(stats, text, sizeof text);
    CHECK(length < sizeof text);
    json_error_t error;
    json_t *object = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    if (object == NULL)
        dprintf(2, "%s:\n%s\n", error.text, text);
    CHECK(json_is_object(object));
    return object;
}

static void check_figures(void)
{
    tare_stats stats = {0};
    int64_t figure = 1234567890123;
#define SET(type, name, unit, text) stats.name = (type)figure++;
    TARE_STATISTICS(SET)
#undef SET
    stats.bytes_reallocated = -7;
    json_t *object = parsed(&stats);
    size_t statistics = 0;
#define EXPECT(type, name, unit, text)                                                                                 \
    CHECK(json_is_integer(json_object_get(object, #name)));                                                            \
    CHECK_EQUAL(json_integer_value(json_object_get(object, #name)), stats.name);                                       \
    statistics++;
    TARE_STATISTICS(EXPECT)
#undef EXPECT
    CHECK_EQUAL(json_object_size(object), statistics + 1);
    CHECK(json_is_array(json_object_get(object, "inexact")));
    CHECK_EQUAL(json_array_size(json_object_get(object, "inexact")), 0);
    json_decref(object);
}

static void check_not_attached(void)
{
    tare_stats stats = {.inexact = TARE_INEXACT_NOT_ATTACHED};
#define SET(type, name, unit, text) stats.name = (type)UINT64_MAX;
    TARE_STATISTICS(SET)
#undef SET
    json_t *object = parsed(&stats);
#define EXPECT(type, name, unit, text) CHECK(json_is_null(json_object_get(object, #name)));
    TARE_STATISTICS(EXPECT)
#undef EXPECT
    json_t *inexact = json_object_get(object, "inexact");
    CHECK_EQUAL(json_array_size(inexact), 1);
    CHECK(strcmp(json_string_value(json_array_get(inexact, 0)), "NOT_ATTACHED") == 0);
    json_decref(object);
}

static void check_all_reasons(void)
{
    tare_stats stats = {.inexact = (1u << TARE_INEXACT_COUNT) - 1 - TARE_INEXACT_NOT_ATTACHED};
    json_t *object = parsed(&stats);
    json_t *inexact = json_object_get(object, "inexact");
    CHECK_EQUAL(json_array_size(inexact), TARE_INEXACT_COUNT - 1);
    size_t i = 0;
#define EXPECT(name, text)                                                                                             \
    if (TARE_INEXACT_##name != TARE_INEXACT_NOT_ATTACHED)                                                              \
        CHECK(strcmp(json_string_value(json_array_get(inexact, i++)), #name) == 0);
    TARE_INEXACT_REASONS(EXPECT)
#undef EXPECT
    CHECK(json_is_integer(json_object_get(object, "allocations")));
    json_decref(object);
}

int main(void)
{
    check_figures();
    check_not_attached();
    check_all_reasons();
    return 0;
}
