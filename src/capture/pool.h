/* SPDX-License-Identifier: MIT */
/* Tare's own memory, straight from the system: never from the malloc that is
 * being measured. Only ever grows; its users keep free lists. */
#ifndef TARE__POOL_H
#define TARE__POOL_H

#include <stddef.h>

/* Zeroed, aligned to 64 bytes; NULL when the system has none left. The caller
 * holds the registry's lock (thread.h). */
void *tare__pool_take(size_t bytes);

#endif
