/* SPDX-License-Identifier: MIT */
/*
 * Call stacks that are known beforehand: a number leads to a way through a few
 * functions that call one another, and what a record says of a stack leads back to
 * the number, by the addresses of those functions alone. So whoever compares the two
 * needs no symbols, and finds a stack that has a frame too many or too few.
 */
#ifndef KNOWN_STACKS_H
#define KNOWN_STACKS_H

#include <stddef.h>
#include <stdint.h>

enum { KNOWN_PATHS = 24, KNOWN_ROOTS = 2, KNOWN_LEAVES = 4, KNOWN_STACKS = KNOWN_PATHS * KNOWN_ROOTS * KNOWN_LEAVES };

/* What stands at the end of a stack. A block ends by the way of any. */
enum known_leaf { LEAF_MALLOC, LEAF_PAIR, LEAF_REALLOC, LEAF_REALLOCARRAY };

struct known_call {
    unsigned stack; /* below KNOWN_STACKS */
    void *block;    /* to be resized or freed; NULL to make one. Then what became of it */
    size_t size;
    void *(*pair)(size_t, size_t); /* of LEAF_PAIR: called with first and size */
    size_t first;
};

unsigned known_stack(unsigned root, unsigned path, enum known_leaf leaf);
unsigned known_stack_root(unsigned stack);
unsigned known_stack_path(unsigned stack);
enum known_leaf known_stack_leaf(unsigned stack);

/* Thinks the ways up; the same for the same seed. */
void known_stacks_start(uint64_t seed);

/* From this stack: makes or resizes a block, or frees one. */
void known_stack_call(struct known_call *call);
void known_stack_free(struct known_call *call);

/* The number of a stack by its return addresses, the innermost first, of which
 * next() gives one after the other and then 0. -1 where it is none of these. */
int known_stack_of(uint64_t (*next)(void *context), void *context);

#endif
