/* SPDX-License-Identifier: MIT */
/*
 * Births: which scopes were open where a block was made, and from which call stack
 * where they collect sites, in 31 bits.
 *
 * An era is a scope from opening (or reset) to closing. A birth is a list of
 * eras, kept as a node that names one era and the birth behind it; a thread
 * whose scopes open and close in order moves along one chain. Because the block
 * map remembers the birth, a scope finds what it leaked by subtraction and no
 * search: what was born in it, less what was freed in it or elsewhere.
 *
 * A site (site.h) is a birth, too: it names such a node by its `scopes`, and its own
 * call stack. All functions take either. Births come in chunks of 512, which are
 * either nodes or a piece of sites.
 *
 * Nodes are read without a lock by whoever frees a block. An era and its nodes
 * are used again only when the last block born in it is gone, and a node not before
 * those that have it behind them, so a birth found in the map always means what it
 * meant when it was put there.
 */
#ifndef TARE__BIRTH_H
#define TARE__BIRTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler.h"
#include "pieces.h"

#define TARE__BIRTH_CHUNK_BITS 9 /* log2 of the births in a chunk */
#define TARE__BIRTH_CHUNKS (1u << 17)
_Static_assert(TARE__PIECE_BYTES / sizeof(struct tare__site) == 1u << TARE__BIRTH_CHUNK_BITS, "a chunk is a piece");

struct tare__era {
    int64_t elsewhere_blocks; /* born here, ended by calls that the scope does not count; atomic */
    int64_t elsewhere_bytes;  /* what such calls added to the net of blocks born here; atomic */
    int64_t complete_at;      /* elsewhere_blocks at which no block born here is left; INT64_MAX while open */
    uint32_t first_node;
    int64_t kept;                          /* what complete_at will be, when no thread is pending any more */
    uint32_t pending;                      /* threads whose next call would yet be of it, though it is closed */
    uint32_t recyclable;                   /* 0 while calls of other threads may be on their way */
    bool is_over;                          /* complete: its nodes are used again as soon as nothing stands on them */
    uint32_t nodes;                        /* in use */
    const int64_t *peak_now, *peak_before; /* the scope's highest net is the greater of the two, ... */
    int64_t net_base;                      /* ... counted from this, where its net stood at the start */
    int64_t peak_at_end;                   /* what peak_now and peak_before lead to, once it is closed */
    struct tare__era *next_free;
};

struct tare__birth_node {
    struct tare__era *era;
    uint32_t parent;
    uint32_t next;          /* of the same era, or in the free list */
    uint32_t next_in_place; /* of the table in which it is found */
    uint32_t first_site;    /* of those whose scopes it is, and which are not all 0; atomic */
    uint32_t depth;         /* eras in the list: 1 for one alone */
    uint32_t children;      /* nodes that have this one as their parent */
};

/* These three under the registry's lock. NULL and TARE__BIRTH_NONE when there
 * is no memory. */
struct tare__era *tare__era_new(bool recyclable);
void tare__era_close(struct tare__era *era, int64_t complete_at);
uint32_t tare__birth_of(struct tare__era *era, uint32_t parent);

/* The highest net so far of the era's scope, since its start; the scope is open. */
TARE__INLINE int64_t tare__era_peak(const struct tare__era *era)
{
    int64_t now = TARE__LOAD(*TARE__LOAD(era->peak_now)), before = TARE__LOAD(*TARE__LOAD(era->peak_before));
    return (now > before ? now : before) - TARE__LOAD(era->net_base);
}

/* By chunk: its nodes, or its sites with the lowest bit set; 0 for none. */
extern uintptr_t tare__birth_chunks[TARE__BIRTH_CHUNKS] TARE__HIDDEN;

/* The site that a birth is, or NULL. Any birth. */
TARE__INLINE struct tare__site *tare__birth_site(uint32_t birth)
{
    uintptr_t chunk = __atomic_load_n(&tare__birth_chunks[birth >> TARE__BIRTH_CHUNK_BITS], __ATOMIC_ACQUIRE);
    return TARE__LIKELY((chunk & 1) != 0)
               ? (struct tare__site *)(chunk - 1) + (birth & ((1u << TARE__BIRTH_CHUNK_BITS) - 1))
               : NULL;
}

/* The set of scopes of any birth. */
TARE__INLINE uint32_t tare__birth_scopes(uint32_t birth)
{
    const struct tare__site *site = tare__birth_site(birth);
    return site != NULL ? site->scopes : birth;
}

/* The births from *first on are the sites of this piece. False where there are no
 * more births. Under the lock of pieces. */
bool tare__birth_add_sites(void *piece, uint32_t *first);

/* Births from here on are not given out yet. */
uint32_t tare__birth_chunks_end(void);

/* Any thread. The birth must be a set of scopes, TARE__BIRTH_FIRST or later. */
struct tare__birth_node *tare__birth_node(uint32_t scopes);

/* True when a block of this birth was born in this era. Any birth. */
bool tare__born_in(uint32_t birth, const struct tare__era *era);

/* Notes a call on a block born in this era which its scope does not count.
 * Returns true when it was the last block and the era should be given back
 * with tare__era_recycle(), under the registry's lock. */
bool tare__era_elsewhere(struct tare__era *era, int64_t blocks, int64_t bytes);
void tare__era_recycle(struct tare__era *era);

/* No set of scopes leads to any site. */
void tare__births_forget_sites(void);

/* Called for each node that is to be used again, before that. Under the registry's lock. */
extern void (*tare__birth_ended)(struct tare__birth_node *node) TARE__HIDDEN;

#endif
