/* SPDX-License-Identifier: MIT */
/* JSON as it goes, for what may be too large to be built in memory first. */
#ifndef TARE__JSON_TEXT_H
#define TARE__JSON_TEXT_H

#include <stdio.h>

/* In quotes, or what stands between them. Each byte that is no UTF-8 becomes U+FFFD. */
void tare__json_write_string(const char *text, FILE *out);
void tare__json_write_characters(const char *text, FILE *out);

#endif
