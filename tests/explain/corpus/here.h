/* SPDX-License-Identifier: MIT */
/* What the programs share whose stacks are symbolized. A line with a mark, an at sign
 * and a word in a comment, is one that a test expects to find. */
#ifndef HERE_H
#define HERE_H

#ifdef __cplusplus
extern "C" {
#endif

/* Prints the call stack of its caller under this name, as symbolize.c reads it. */
void here(const char *name);

#ifdef __cplusplus
}
#endif

#define ALONE __attribute__((noinline))
#define INLINED inline __attribute__((always_inline))
#define STAY __asm__ volatile("") /* behind a call: so that it is no jump */

#endif
