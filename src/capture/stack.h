/* SPDX-License-Identifier: MIT */
/* Call stacks, by libgcc's unwinder: it reads the tables that every compiler
 * writes and takes no lock, but is too slow for each allocation. */
#ifndef TARE__STACK_H
#define TARE__STACK_H

#include <stdint.h>

/* Return addresses, the innermost first, of the frames above a stack address: of
 * a function's callers where it is that function's canonical frame address.
 * Returns how many. Safe in a signal handler. */
uint32_t tare__stack_walk(uintptr_t *addresses, uint32_t max, uintptr_t above);

/* The same of another thread of this process, from where it is now. It is
 * interrupted by a signal that the program leaves alone; a system call that it
 * waits in may be interrupted by that (EINTR), so this is for a thread that is
 * stuck. 0 where it can't be had: no signal is free, or the thread blocks it. One
 * at a time. */
uint32_t tare__stack_walk_other(int thread_id, uintptr_t *addresses, uint32_t max);

#endif
