/* SPDX-License-Identifier: MIT */
/* Figures, command lines and UTF-8, without the locale: a report's bytes depend
 * on the snapshot alone. */
#include "phrase.h"

#include <string.h>

#include "text.h"

char *tare__figure(char buffer[TARE__FIGURE_BYTES], int64_t number)
{
    char digits[TARE__TEXT_DIGITS];
    const char *digit = tare__text_digits(digits, number < 0 ? -(uint64_t)number : (uint64_t)number);
    char *at = buffer;
    if (number < 0)
        *at++ = '-';
    for (size_t left = strlen(digit); left > 0; left--) {
        *at++ = *digit++;
        if (left > 1 && left % 3 == 1)
            *at++ = ',';
    }
    *at = '\0';
    return buffer;
}

/* ---- UTF-8 (RFC 3629) ---------------------------------------------------- */

/* By first byte: the length, and what the second byte may be. Overlong forms,
 * surrogates and what is above U+10FFFF are excluded that way. */
static const struct {
    unsigned char first, last, length, low, high;
} forms[] = {
    {0x01, 0x7f, 1, 0, 0},       {0xc2, 0xdf, 2, 0x80, 0xbf}, {0xe0, 0xe0, 3, 0xa0, 0xbf},
    {0xe1, 0xec, 3, 0x80, 0xbf}, {0xed, 0xed, 3, 0x80, 0x9f}, {0xee, 0xef, 3, 0x80, 0xbf},
    {0xf0, 0xf0, 4, 0x90, 0xbf}, {0xf1, 0xf3, 4, 0x80, 0xbf}, {0xf4, 0xf4, 4, 0x80, 0x8f},
};

size_t tare__utf8_length(const char *text)
{
    const unsigned char *byte = (const unsigned char *)text;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (byte[0] < forms[i].first || byte[0] > forms[i].last)
            continue;
        if (forms[i].length > 1 && (byte[1] < forms[i].low || byte[1] > forms[i].high))
            return 0;
        for (size_t k = 2; k < forms[i].length; k++)
            if ((byte[k] & 0xc0) != 0x80)
                return 0;
        return forms[i].length;
    }
    return 0;
}

/* ---- Command lines ------------------------------------------------------ */

struct line {
    char *at;
    size_t columns; /* still free */
    bool cut;
};

static void add_character(struct line *line, const char *character, size_t length)
{
    if (line->columns == 0) {
        line->cut = true;
        return;
    }
    line->columns--;
    memcpy(line->at, character, length);
    line->at += length;
}

bool tare__is_control(const char *character)
{
    const unsigned char *byte = (const unsigned char *)character;
    return *byte < 0x20 || *byte == 0x7f || (*byte == 0xc2 && byte[1] < 0xa0);
}

const char *tare__next_character(const char **text, size_t *length)
{
    static const char replacement[] = "\xef\xbf\xbd";
    const char *character = *text;
    *length = tare__utf8_length(character);
    *text += *length > 0 ? *length : 1;
    if (*length > 0)
        return character;
    *length = sizeof replacement - 1;
    return replacement;
}

static void add_ascii(struct line *line, const char *text)
{
    for (; *text != '\0'; text++)
        add_character(line, text, 1);
}

/* What a shell takes for more than itself. */
static bool needs_quotes(const char *argument)
{
    return *argument == '\0' || *argument == '~' || strpbrk(argument, " \t\n\"'\\$`|&;<>()*?[]{}#!") != NULL;
}

static void add_argument(struct line *line, const char *argument)
{
    bool quoted = needs_quotes(argument);
    if (quoted)
        add_ascii(line, "'");
    while (*argument != '\0') {
        size_t length = tare__utf8_length(argument);
        if (*argument == '\'')
            add_ascii(line, "'\\''");
        else if (length == 0 || tare__is_control(argument))
            add_ascii(line, "?");
        else
            add_character(line, argument, length);
        argument += length > 0 ? length : 1;
    }
    if (quoted)
        add_ascii(line, "'");
}

char *tare__command_line(char buffer[TARE__COMMAND_LINE_BYTES], const struct tare__process *process, size_t columns)
{
    struct line line = {buffer, columns, process->command_cut};
    const char *argument = NULL;
    while ((argument = tare__process_argument(process, argument)) != NULL) {
        if (line.at > buffer)
            add_ascii(&line, " ");
        add_argument(&line, argument);
    }
    strcpy(line.at, line.cut ? "..." : "");
    return buffer;
}
