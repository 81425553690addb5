/* SPDX-License-Identifier: MIT */
/*
 * The pieces of this process's store (layout/pieces.h): records of where
 * allocations came from, in the file of a recorded run, else in private memory.
 * Records stay where they are, and are read without a lock by their ids.
 */
#ifndef TARE__CAPTURE_PIECES_H
#define TARE__CAPTURE_PIECES_H

#include <stdbool.h>

#include "birth.h"
#include "compiler.h"
#include "lock.h"
#include "store.h"

#define TARE__FRAMES_PER_PIECE (TARE__PIECE_BYTES / sizeof(struct tare__frame))
#define TARE__MODULES_PER_PIECE (TARE__PIECE_BYTES / sizeof(struct tare__module))
#define TARE__FRAME_PIECES_MAX 65536u
#define TARE__MODULE_PIECES_MAX 256u

/* Guards all that makes records, and what leads to them. Taken inside the registry's
 * lock or without it, never the other way round. A signal handler on a stack of its
 * own can't be told from a call after a jump, and one that jumps would leave the lock
 * held for good: so no signal comes in between. */
extern tare__lock tare__pieces_lock TARE__HIDDEN;

TARE__INLINE uint64_t tare__pieces_begin(void)
{
    uint64_t blocked = tare__os_block_signals();
    tare__lock_acquire(&tare__pieces_lock);
    return blocked;
}

TARE__INLINE void tare__pieces_end(uint64_t blocked)
{
    tare__lock_release(&tare__pieces_lock);
    tare__os_restore_signals(blocked);
}

/* A record that is zeroed and nobody sees, and its id; NULL when there is no room.
 * Once it is filled in, tare__piece_publish() lets readers of the file see it. Both
 * under the lock. */
void *tare__piece_new(enum tare__piece_kind kind, uint32_t *id);
void tare__piece_publish(enum tare__piece_kind kind, uint32_t id);

extern char *tare__frame_pieces[TARE__FRAME_PIECES_MAX] TARE__HIDDEN;
extern char *tare__module_pieces[TARE__MODULE_PIECES_MAX] TARE__HIDDEN;

/* The record of an id that was given out, never of 0. */
TARE__INLINE struct tare__frame *tare__frame_at(uint32_t id)
{
    char *piece = __atomic_load_n(&tare__frame_pieces[id / TARE__FRAMES_PER_PIECE], __ATOMIC_ACQUIRE);
    return (struct tare__frame *)(void *)piece + id % TARE__FRAMES_PER_PIECE;
}

TARE__INLINE struct tare__module *tare__module_at(uint32_t id)
{
    char *piece = __atomic_load_n(&tare__module_pieces[id / TARE__MODULES_PER_PIECE], __ATOMIC_ACQUIRE);
    return (struct tare__module *)(void *)piece + id % TARE__MODULES_PER_PIECE;
}

/* Calls visit for each site in use. Under the lock. */
void tare__site_each(void (*visit)(uint32_t id, struct tare__site *site, void *context), void *context);

/* Calls visit for each piece. Under the lock. */
void tare__piece_each(void (*visit)(const struct tare__piece *piece, void *context), void *context);

/* The room behind the fixed part of a store that is made, for the first pieces. */
#define TARE__PIECES_AT_START 4u

/* Pieces go into the store's file from now on; has_room: its mapping has that room.
 * store NULL: into private memory. path must live on. Before there are threads. */
void tare__pieces_start(struct tare__store *store, const char *path, bool has_room);

/* Before a fork, under the lock. */
void tare__pieces_fork_prepare(void);

enum tare__pieces_left {
    TARE__PIECES_WHOLE,   /* as they were at the fork */
    TARE__PIECES_CHANGED, /* as the parent has left them by now */
    TARE__PIECES_LOST,    /* there was no memory for what is in them */
};

/* In a child of fork: has the pieces made so far no longer be those of the parent's
 * file. foretold: tare__pieces_fork_prepare() came before. */
enum tare__pieces_left tare__pieces_leave_file(bool foretold);

#endif
