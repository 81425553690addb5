/* SPDX-License-Identifier: MIT */
#ifndef BUMP_H
#define BUMP_H

/* Calls that bump.c's allocator has got. Naming it keeps the library linked. */
extern _Atomic unsigned long bump_calls;

#endif
