/* SPDX-License-Identifier: MIT */
/* Text that lives as long as its owner, each once: what is equal is the same pointer. */
#ifndef TARE__STRING_POOL_H
#define TARE__STRING_POOL_H

#include <stddef.h>

struct tare__strings;

struct tare__strings *tare__strings_new(void); /* NULL: no memory */
void tare__strings_free(struct tare__strings *strings);

/* NULL where there is no memory. */
const char *tare__strings_add(struct tare__strings *strings, const char *text);

/* A place beside a string of these where its user may keep what it stands for;
 * NULL at first. */
const char **tare__strings_meaning(const char *string);

#endif
