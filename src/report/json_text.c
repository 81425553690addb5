/* SPDX-License-Identifier: MIT */
#include "json_text.h"

#include "phrase.h"

void tare__json_write_characters(const char *text, FILE *out)
{
    while (*text != '\0') {
        size_t length;
        const char *character = tare__next_character(&text, &length);
        if (*character == '"' || *character == '\\')
            fprintf(out, "\\%c", *character);
        else if ((unsigned char)*character < 0x20)
            fprintf(out, "\\u%04x", (unsigned)*character);
        else
            fwrite(character, 1, length, out);
    }
}

void tare__json_write_string(const char *text, FILE *out)
{
    fputc('"', out);
    tare__json_write_characters(text, out);
    fputc('"', out);
}
