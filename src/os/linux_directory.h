/* SPDX-License-Identifier: MIT */
/* Directories of /proc whose entries are numbers. */
#ifndef TARE__LINUX_DIRECTORY_H
#define TARE__LINUX_DIRECTORY_H

#include <stdbool.h>

/* Shows each number, and the descriptor by which the directory is read. False where it can't be. */
bool tare__os_numbers_in(const char *path, void (*visit)(int number, int own, void *context), void *context);

#endif
