/* SPDX-License-Identifier: MIT */
/*
 * Births: which scopes were open where a block was made, in 31 bits.
 *
 * An era is a scope from opening (or reset) to closing. A birth is a list of
 * eras, kept as a node that names one era and the birth behind it; a thread
 * whose scopes open and close in order moves along one chain. Because the block
 * map remembers the birth, a scope finds what it leaked by subtraction and no
 * search: what was born in it, less what was freed in it or elsewhere.
 *
 * Nodes are read without a lock by whoever frees a block. An era and its nodes
 * are used again only when the last block born in it is gone, so a birth found
 * in the map always means what it meant when it was put there.
 */
#ifndef TARE__BIRTH_H
#define TARE__BIRTH_H

#include <stdbool.h>
#include <stdint.h>

struct tare__era {
    int64_t elsewhere_blocks; /* born here, ended by calls that the scope does not count; atomic */
    int64_t elsewhere_bytes;  /* what such calls added to the net of blocks born here; atomic */
    int64_t complete_at;      /* elsewhere_blocks at which no block born here is left; INT64_MAX while open */
    uint32_t first_node;
    uint32_t recyclable; /* 0 for a scope over several threads: a call on its way may still use it */
    struct tare__era *next_free;
};

struct tare__birth_node {
    struct tare__era *era;
    uint32_t parent;
    uint32_t next;          /* of the same era, or in the free list */
    uint32_t next_in_place; /* of the table in which it is found */
};

/* These three under the registry's lock. NULL and TARE__BIRTH_NONE when there
 * is no memory. */
struct tare__era *tare__era_new(bool recyclable);
void tare__era_close(struct tare__era *era, int64_t complete_at);
uint32_t tare__birth_of(struct tare__era *era, uint32_t parent);

/* Any thread. The birth must be TARE__BIRTH_FIRST or later. */
const struct tare__birth_node *tare__birth_node(uint32_t birth);

/* True when a block of this birth was born in this era. Any birth. */
bool tare__born_in(uint32_t birth, const struct tare__era *era);

/* Notes a call on a block born in this era which its scope does not count.
 * Returns true when it was the last block and the era should be given back
 * with tare__era_recycle(), under the registry's lock. */
bool tare__era_elsewhere(struct tare__era *era, int64_t blocks, int64_t bytes);
void tare__era_recycle(struct tare__era *era);

#endif
