/* SPDX-License-Identifier: MIT */
#ifndef TARE__OWN_STACK_H
#define TARE__OWN_STACK_H

/* Calls work(context) on a stack of its own that is as large as a main thread's: a thread
 * of the program may have left no room for more than itself. On the present one
 * where there is no memory. */
void tare__on_own_stack(void (*work)(void *context), void *context);

#endif
