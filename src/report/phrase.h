/* SPDX-License-Identifier: MIT */
/* Small pieces of text that reports are made of. Each returns its buffer. */
#ifndef TARE__PHRASE_H
#define TARE__PHRASE_H

#include "snapshot.h"

/* 1,234,567 */
#define TARE__FIGURE_BYTES 32
char *tare__figure(char buffer[TARE__FIGURE_BYTES], int64_t number);

/* The command line, cut to `columns` and ended by "..." then. Arguments are
 * quoted where they need it; control characters, which could do harm on a
 * terminal, and what is no UTF-8 become '?'. */
#define TARE__COMMAND_LINE_BYTES (TARE__COMMAND_BYTES * 4)
char *tare__command_line(char buffer[TARE__COMMAND_LINE_BYTES], const struct tare__process *process, size_t columns);

/* How many bytes the character at the start of text takes; 0 where they are no
 * UTF-8. text ends in a NUL. */
size_t tare__utf8_length(const char *text);

/* The character at *text, or U+FFFD for a byte that is no UTF-8, and its length; *text is
 * moved behind it. */
const char *tare__next_character(const char **text, size_t *length);

/* Whether the character is one that does something, as '\n' or what moves a terminal's cursor. */
bool tare__is_control(const char *character);

#endif
