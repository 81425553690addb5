/* SPDX-License-Identifier: MIT */
/*
 *     growth      NAME > AMOUNT  or  NAME >= AMOUNT     blanks may stand between
 *     AMOUNT      +NUMBER [UNIT] or  +NUMBER [.DIGITS] %   at most three DIGITS; '-' instead of '+'
 */
#include "growth.h"

#include <string.h>

#include "expression_parts.h"

static bool parse_relation(struct tare__parser *parser, struct tare__growth *growth)
{
    if (*parser->at != '>')
        return tare__expected(parser, "> or >=");
    parser->at++;
    growth->or_equal = *parser->at == '=';
    parser->at += growth->or_equal;
    return true;
}

static bool parse_sign(struct tare__parser *parser, bool *negative)
{
    if (*parser->at != '+' && *parser->at != '-')
        return tare__expected(parser, "+, and how much more it may be");
    *negative = *parser->at == '-';
    parser->at++;
    return *parser->at != '-' || tare__expected(parser, "a number");
}

static bool is_digit(char character)
{
    return character >= '0' && character <= '9';
}

/* In thousandths; true with `percent` unset where there is no '%'. */
static bool parse_percent(struct tare__parser *parser, struct tare__growth *growth)
{
    const char *at = parser->at;
    int64_t thousandths = 0, value, factor = 100;
    bool has_decimals = *at == '.';
    for (at += has_decimals; has_decimals && is_digit(*at) && factor > 0; at++, factor /= 10)
        thousandths += (*at - '0') * factor;
    const char *end = at + strspn(at, " \t");
    if (*end != '%' && !has_decimals)
        return true;
    parser->at = *end == '%' ? end : at;
    if (*end != '%')
        return tare__expected(parser, "% behind at most three decimals");
    if (__builtin_mul_overflow(growth->limit, 1000, &value) || __builtin_add_overflow(value, thousandths, &value))
        return tare__expected(parser, "a smaller percentage before this");
    growth->percent = true;
    growth->limit = value;
    parser->at++;
    return true;
}

static bool parse_amount(struct tare__parser *parser, struct tare__growth *growth)
{
    bool negative = false;
    if (!parse_sign(parser, &negative) || !tare__parse_number(parser, &growth->limit) || !parse_percent(parser, growth))
        return false;
    tare__skip_blanks(parser);
    if (!growth->percent && !tare__parse_unit(parser, growth->statistic, &growth->limit))
        return false;
    growth->limit = negative ? -growth->limit : growth->limit;
    return true;
}

bool tare__growth_parse(const char *expression, struct tare__growth *growth, struct tare__expression_error *error)
{
    struct tare__parser parser = {expression, expression, error};
    *growth = (struct tare__growth){.expression = expression};
    tare__skip_blanks(&parser);
    if (!tare__parse_name(&parser, &growth->statistic))
        return false;
    tare__skip_blanks(&parser);
    if (!parse_relation(&parser, growth))
        return false;
    tare__skip_blanks(&parser);
    if (!parse_amount(&parser, growth))
        return false;
    tare__skip_blanks(&parser);
    if (*parser.at == '\0')
        return true;
    return tare__expected(&parser, growth->percent               ? "the end"
                                   : growth->statistic->in_bytes ? "%, k, M, G, KiB, MiB, GiB or the end"
                                                                 : "%, k, M, G or the end");
}
