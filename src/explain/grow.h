/* SPDX-License-Identifier: MIT */
/* Arrays that grow by doubling, without a field for what they have room for. */
#ifndef TARE__GROW_H
#define TARE__GROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

/* Room for one more than count, for an array that was filled by this from empty; the
 * array, moved perhaps, or NULL and the old one is as it was. */
static inline void *tare__grow(void *array, size_t count, size_t element_bytes)
{
    bool is_full = (count & (count - 1)) == 0; /* a power of two, or 0 */
    return is_full ? reallocarray(array, count == 0 ? 1 : 2 * count, element_bytes) : array;
}

#endif
