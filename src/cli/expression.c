/* SPDX-License-Identifier: MIT */
/*
 *     expression  NAME RELATION NUMBER [UNIT]   blanks may stand between them
 *     NAME        a statistic
 *     RELATION    <= >= == = != < >
 *     NUMBER      decimal digits, with a '-' for less than 0
 *     UNIT        k M G (powers of 1000), and for bytes KiB MiB GiB (of 1024)
 */
#include "expression.h"

#include "expression_parts.h"

#include <stdio.h>
#include <string.h>

#include "suggest.h"

static const struct unit {
    const char *name;
    int64_t factor;
    bool bytes_only;
} units[] = {
    /* longer names first */
    {"KiB", 1 << 10, true}, {"MiB", 1 << 20, true},    {"GiB", 1 << 30, true},
    {"k", 1000, false},     {"M", 1000 * 1000, false}, {"G", 1000 * 1000 * 1000, false},
};

void tare__skip_blanks(struct tare__parser *parser)
{
    parser->at += strspn(parser->at, " \t");
}

bool tare__expected(const struct tare__parser *parser, const char *what)
{
    parser->error->column = (size_t)(parser->at - parser->start);
    snprintf(parser->error->expected, sizeof parser->error->expected, "%s", what);
    return false;
}

static const char *statistic_name(size_t index, const void *unused)
{
    (void)unused;
    return index < tare__statistic_count ? tare__statistics[index].name : NULL;
}

bool tare__parse_name(struct tare__parser *parser, const struct tare__statistic **statistic)
{
    size_t length = strspn(parser->at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.");
    *statistic = tare__statistic_named(parser->at, length);
    if (*statistic != NULL) {
        parser->at += length;
        return true;
    }
    char name[64], message[160];
    snprintf(name, sizeof name, "%.*s", (int)(length < sizeof name ? length : sizeof name - 1), parser->at);
    const char *nearest = tare__suggest(name, statistic_name, NULL);
    if (nearest == NULL)
        return tare__expected(parser, "the name of a statistic; 'tare run --help' lists them");
    snprintf(message, sizeof message, "the name of a statistic; did you mean '%s'?", nearest);
    return tare__expected(parser, message);
}

static bool parse_relation(struct tare__parser *parser, struct tare__expectation *expectation)
{
    for (size_t i = 0; i < tare__relation_count; i++) {
        size_t length = strlen(tare__relations[i].sign);
        if (strncmp(parser->at, tare__relations[i].sign, length) == 0) {
            parser->at += length;
            expectation->relation = &tare__relations[i];
            return true;
        }
    }
    return tare__expected(parser, "one of <= >= == = != < >");
}

static bool is_digit(char character)
{
    return character >= '0' && character <= '9';
}

bool tare__parse_number(struct tare__parser *parser, int64_t *value)
{
    const char *start = parser->at;
    bool negative = *parser->at == '-';
    parser->at += negative;
    if (!is_digit(*parser->at))
        return tare__expected(parser, "a number");
    for (*value = 0; is_digit(*parser->at); parser->at++)
        if (__builtin_mul_overflow(*value, 10, value) || __builtin_add_overflow(*value, *parser->at - '0', value)) {
            parser->at = start;
            return tare__expected(parser, "a number below 2^63");
        }
    *value = negative ? -*value : *value;
    return true;
}

bool tare__parse_unit(struct tare__parser *parser, const struct tare__statistic *statistic, int64_t *value)
{
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        size_t length = strlen(units[i].name);
        if (strncmp(parser->at, units[i].name, length) != 0)
            continue;
        if (units[i].bytes_only && !statistic->in_bytes)
            return tare__expected(parser, "k, M, G or nothing: this statistic is not in bytes");
        if (__builtin_mul_overflow(*value, units[i].factor, value))
            return tare__expected(parser, "a number below 2^63");
        parser->at += length;
        return true;
    }
    return true;
}

static bool parse_end(struct tare__parser *parser, const struct tare__statistic *statistic)
{
    if (*parser->at == '\0')
        return true;
    return tare__expected(parser, statistic->in_bytes ? "k, M, G, KiB, MiB, GiB or the end" : "k, M, G or the end");
}

bool tare__expression_parse(const char *expression, struct tare__expectation *expectation,
                            struct tare__expression_error *error)
{
    struct tare__parser parser = {expression, expression, error};
    *expectation = (struct tare__expectation){.expression = expression};
    tare__skip_blanks(&parser);
    if (!tare__parse_name(&parser, &expectation->statistic))
        return false;
    tare__skip_blanks(&parser);
    if (!parse_relation(&parser, expectation))
        return false;
    tare__skip_blanks(&parser);
    if (!tare__parse_number(&parser, &expectation->value))
        return false;
    tare__skip_blanks(&parser);
    if (!tare__parse_unit(&parser, expectation->statistic, &expectation->value))
        return false;
    tare__skip_blanks(&parser);
    return parse_end(&parser, expectation->statistic);
}
