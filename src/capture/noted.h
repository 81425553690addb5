/* SPDX-License-Identifier: MIT */
/*
 * Pieces: what wrapped allocators hand out, and what arenas note. A piece is
 * remembered by its owner and its exact address, because pieces may lie one byte
 * apart, and because a piece often begins where the block begins that it was cut
 * from, or the piece of another owner. So the block map can't hold them.
 *
 * A table of open addressing, in shards, each with a lock of its own. Pieces of
 * one line of 64 bytes have neighbouring homes in the table, and all pieces of
 * one page are in one shard: so ending all pieces in a stretch of memory costs a
 * lock for each page of it. A piece takes 32 bytes, and 43 to 85 with the room
 * that the table keeps free. The tables only ever grow.
 *
 * Whoever calls is at work for its thread (tare__work_begin() in record.h), so
 * that a signal handler's call passes by instead of waiting for itself. No
 * other lock is taken while one of these is held.
 */
#ifndef TARE__NOTED_H
#define TARE__NOTED_H

#include "blockmap.h"

struct tare__hot;

/* Remembers a piece; false where there is no memory to do so. *older is what was
 * still remembered there: a piece whose end nobody told. */
bool tare__noted_put(const void *owner, const void *piece, size_t size, uint32_t birth, struct tare__block *older);

/* What is remembered of a piece; and the same, forgetting it. */
struct tare__block tare__noted_look(const void *owner, const void *piece);
struct tare__block tare__noted_take(const void *owner, const void *piece);

/* Pieces of one birth, by the sum of them. */
struct tare__ended {
    uint64_t pieces;
    uint64_t bytes;
    uint32_t birth;
};
enum { TARE__ENDED_BIRTHS = 8 };

/* Pieces that begin in a stretch of memory, on the way from its start to its
 * end; or, where the tables are smaller than that, from shard to shard. */
struct tare__stretch {
    const void *owner;
    uintptr_t start;
    uintptr_t end;
    uintptr_t page;
    unsigned shard;
    bool by_shard;
    void (*tell)(const struct tare__hot *hot, const void *piece, size_t size); /* of each end; NULL: nobody listens */
    const struct tare__hot *hot;
};
struct tare__stretch tare__noted_stretch(const void *owner, const void *start, size_t bytes);

/* Forgets pieces of a stretch, until all are gone or they are of too many
 * births. Returns how many births there are in ended, 0 when all are gone. */
unsigned tare__noted_take_some(struct tare__stretch *stretch, struct tare__ended ended[TARE__ENDED_BIRTHS]);

/* Around a fork; in a child that no handler foretold, only the last. */
void tare__noted_fork_prepare(void);
void tare__noted_fork_parent(void);
void tare__noted_fork_child(void);

#endif
