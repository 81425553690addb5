/* SPDX-License-Identifier: MIT */
/* What kind of file a program is, as far as preloading goes. */
#ifndef TARE__PROGRAM_H
#define TARE__PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

/* As execvp() finds it. False, with errno, where it would not. */
bool tare__program_find(const char *name, char *path, size_t size);

/* Why nothing can be preloaded into the program, in a sentence with the file in
 * question; the likeliest reason where the file shows none. */
void tare__program_explain(const char *path, char *reason, size_t size);

#endif
