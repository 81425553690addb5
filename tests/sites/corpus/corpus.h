/* SPDX-License-Identifier: MIT */
/* What the programs share. A call in the middle of a function stays that, at any
 * optimization, where something is kept after it. */
#ifndef CORPUS_H
#define CORPUS_H

#include <stdlib.h>

#define APART __attribute__((noinline))

static void *volatile corpus_kept;

/* Behind a call that must not become a jump. */
#define CORPUS_STAY() __asm__ volatile("" ::: "memory")

static inline void corpus_keep(void *block)
{
    corpus_kept = block;
}

#endif
