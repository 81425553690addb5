/* SPDX-License-Identifier: MIT */
#include "text.h"

struct tare__text tare__text_in(char *buffer, size_t size)
{
    if (size > 0)
        buffer[0] = '\0';
    return (struct tare__text){buffer, size, 0};
}

static void add_character(struct tare__text *text, char character)
{
    if (text->length + 1 < text->size) {
        text->buffer[text->length] = character;
        text->buffer[text->length + 1] = '\0';
    }
    text->length++;
}

void tare__text_add(struct tare__text *text, const char *string)
{
    for (; *string != '\0'; string++)
        add_character(text, *string);
}

char *tare__text_digits(char digits[TARE__TEXT_DIGITS], uint64_t number)
{
    char *at = digits + TARE__TEXT_DIGITS - 1;
    *at = '\0';
    do
        *--at = (char)('0' + number % 10);
    while ((number /= 10) != 0);
    return at;
}

void tare__text_add_unsigned(struct tare__text *text, uint64_t number)
{
    char digits[TARE__TEXT_DIGITS];
    tare__text_add(text, tare__text_digits(digits, number));
}

void tare__text_add_signed(struct tare__text *text, int64_t number)
{
    if (number < 0)
        add_character(text, '-');
    tare__text_add_unsigned(text, number < 0 ? -(uint64_t)number : (uint64_t)number);
}

void tare__text_add_hex(struct tare__text *text, uint64_t number)
{
    int shift = 0;
    while (shift < 60 && number >> shift >= 16)
        shift += 4;
    tare__text_add(text, "0x");
    for (; shift >= 0; shift -= 4)
        add_character(text, "0123456789abcdef"[number >> shift & 15]);
}

void tare__text_pad(struct tare__text *text, size_t line_start, size_t column)
{
    do
        add_character(text, ' ');
    while (text->length - line_start < column);
}
