/* SPDX-License-Identifier: MIT */
/* A terminal that is taken over for a while, and given back as it was however this
 * process ends. Plain ANSI (ECMA-48) sequences. */
#ifndef TARE__TERMINAL_H
#define TARE__TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

/* Takes stdout, with keys from stdin where that is a terminal too: another screen, no
 * cursor, no echo. 0 or an errno. */
int tare__terminal_take(void);
void tare__terminal_give_back(void);

void tare__terminal_size(size_t *columns, size_t *lines);

enum { TARE__KEY_NONE = -1, TARE__KEY_QUIT = -2, TARE__KEY_REDRAW = -3 };

/* Waits for a key at most so long. A key, KEY_NONE after that time, KEY_QUIT when this
 * process was asked to end, KEY_REDRAW when the screen is another now. */
int tare__terminal_key(int timeout_ms);

/* Writes the text from the upper left corner on over what is there. False on failure. */
bool tare__terminal_show(const char *text);

#endif
