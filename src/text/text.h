/* SPDX-License-Identifier: MIT */
/* Text without stdio: no allocation, no locale, safe in a signal handler. */
#ifndef TARE__TEXT_H
#define TARE__TEXT_H

#include <stddef.h>
#include <stdint.h>

/* Like snprintf: what does not fit is counted in length and not written. The
 * buffer always ends with a NUL, unless its size is 0. */
struct tare__text {
    char *buffer;
    size_t size;
    size_t length;
};

struct tare__text tare__text_in(char *buffer, size_t size);
void tare__text_add(struct tare__text *text, const char *string);
void tare__text_add_unsigned(struct tare__text *text, uint64_t number);
void tare__text_add_signed(struct tare__text *text, int64_t number);
void tare__text_add_hex(struct tare__text *text, uint64_t number); /* with 0x before it */

/* Blanks up to this column, counted from `line_start`, a length of before; one
 * blank at least. */
void tare__text_pad(struct tare__text *text, size_t line_start, size_t column);

/* The number as decimal digits; returns where it begins inside digits. */
#define TARE__TEXT_DIGITS 24
char *tare__text_digits(char digits[TARE__TEXT_DIGITS], uint64_t number);

#endif
