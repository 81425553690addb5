/* SPDX-License-Identifier: MIT */
/* Where a running process records to. */
#ifndef TARE__FIND_STORE_H
#define TARE__FIND_STORE_H

#include <stddef.h>

/* Of the process, or where that is a `tare run`, of what it runs. 0, or an errno with its
 * reason in words. */
int tare__find_store(int pid, char *path, size_t path_size, char *reason, size_t size);

#endif
