/* SPDX-License-Identifier: MIT */
/* A profile without what a format does not show, so that what is the same there is there once. */
#ifndef TARE__REDUCED_H
#define TARE__REDUCED_H

#include "profile.h"

/*
 * Every frame has its name as its function, and no module; `clear` takes away what else is not
 * shown. Only these types are left, no labels, and no sample all of whose values are 0. The
 * samples are in the order of the profile's. 0, ENOMEM or EOVERFLOW; free it in either case.
 */
int tare__profile_reduce(const struct tare__profile *profile, const size_t *types, size_t type_count,
                         void (*clear)(struct tare__profile_frame *frame), struct tare__profile *reduced);

/* The frames of a stack, from the innermost out, into path, which has room for
 * stack_count. Returns how many. */
size_t tare__profile_path(const struct tare__profile *profile, uint32_t stack, uint32_t *path);

#endif
