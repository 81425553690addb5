/* SPDX-License-Identifier: MIT */
/*
 * The boot arena: blocks for those who allocate while tare looks for the real
 * functions (dlsym's error path, the loader). Blocks of it live until the
 * process ends. It starts in static memory and spills into mapped chunks.
 */
#ifndef TARE__BOOT_H
#define TARE__BOOT_H

#include <stdbool.h>
#include <stddef.h>

/* Zeroed memory; alignment is a power of two or 0 for the usual 16. NULL when
 * the system has no memory left. Any thread. */
void *tare__boot_allocate(size_t alignment, size_t size);

/* Whether a block is from here, and its requested size. */
bool tare__boot_owns(const void *block);
size_t tare__boot_size(const void *block);

/* A new block of this size with the old one's bytes; block may be NULL. */
void *tare__boot_reallocate(void *block, size_t size);

#endif
