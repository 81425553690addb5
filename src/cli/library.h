/* SPDX-License-Identifier: MIT */
/* The shared object that is preloaded. */
#ifndef TARE__LIBRARY_H
#define TARE__LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

/* Finds it from where this command lies: in the same directory, or where it was
 * installed to. False when it is not there; *path is then where it should be. */
bool tare__library_find(char *path, size_t size);

/* Puts it in front of LD_PRELOAD in this process's environment, or what is in
 * there already behind it. Returns 0 or an errno; EINVAL when the path has a
 * character that LD_PRELOAD takes for the end of a name. */
int tare__library_preload(const char *path);

bool tare__library_can_preload(const char *path);

#endif
