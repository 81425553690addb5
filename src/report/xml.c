/* SPDX-License-Identifier: MIT */
#include "xml.h"

#include <stdbool.h>
#include <string.h>

#include "phrase.h"

static const char *entity(char character)
{
    switch (character) {
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '&':
        return "&amp;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

static bool is_between(const char *character, const char *low, const char *high)
{
    return memcmp(character, low, 3) >= 0 && memcmp(character, high, 3) <= 0;
}

/* Noncharacters, and what reorders the text around it: names in a graph are no place for either. */
static bool is_unwanted(const char *character, size_t length)
{
    return length == 3 && (is_between(character, "\xef\xbf\xbe", "\xef\xbf\xbf") || /* U+FFFE, U+FFFF */
                           is_between(character, "\xe2\x80\x8e", "\xe2\x80\x8f") || /* U+200E, U+200F */
                           is_between(character, "\xe2\x80\xa8", "\xe2\x80\xae") || /* U+2028 to U+202E */
                           is_between(character, "\xe2\x81\xa6", "\xe2\x81\xa9"));  /* U+2066 to U+2069 */
}

static void write_character(const char *character, size_t length, FILE *out)
{
    const char *escaped = entity(*character);
    if (escaped != NULL)
        fputs(escaped, out);
    else if ((unsigned char)*character < 0x20)
        fprintf(out, "\xe2\x90%c", 0x80 + *character); /* U+2400 on */
    else if (*character == 0x7f)
        fputs("\xe2\x90\xa1", out);
    else if (tare__is_control(character) || is_unwanted(character, length))
        fputs("\xef\xbf\xbd", out);
    else
        fwrite(character, 1, length, out);
}

void tare__xml_part(const char *text, size_t bytes, FILE *out)
{
    const char *end = text + bytes;
    while (text < end) {
        size_t length;
        const char *character = tare__next_character(&text, &length);
        write_character(character, length, out);
    }
}

void tare__xml_text(const char *text, FILE *out)
{
    tare__xml_part(text, strlen(text), out);
}
