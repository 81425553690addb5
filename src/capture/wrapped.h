/* SPDX-License-Identifier: MIT */
/*
 * Calls of allocators that are no malloc, and what arenas tell of their pieces.
 *
 * A wrapped call enters as any hook does, goes on to a function of the program's
 * and records what came of it. In there the thread's line is busy and its guard
 * says so: every call of malloc takes the slow way, is nested and counts nowhere.
 */
#ifndef TARE__WRAPPED_H
#define TARE__WRAPPED_H

#include <tare/allocator.h>

#include "thread.h"

/* A call that goes on to a function of the program's. */
struct tare__call {
    struct tare__entry entry;
    struct tare__hot *hot; /* whose guard tells of it; NULL where it is inside another, or in no thread we know */
    uintptr_t guard;       /* as it was before it went on */
    uintptr_t callee;      /* as it is in there */
    bool stale;
};

struct tare__call tare__call_begin(uintptr_t frame);
void tare__call_go_on(struct tare__call *call, uintptr_t frame);
void tare__call_come_back(struct tare__call *call);
void tare__call_end(const struct tare__call *call);

/* The functions of a wrapped allocator; inner is who owns its pieces. */
void *tare__wrapped_alloc(const tare_allocator *inner, size_t size);
void *tare__wrapped_realloc(const tare_allocator *inner, void *block, size_t size);
void tare__wrapped_free(const tare_allocator *inner, void *block);

/* Any owner. */
void tare__piece_made(const void *owner, const void *piece, size_t size);
void tare__piece_resized(const void *owner, const void *piece, const void *fresh, size_t size);
void tare__piece_ended(const void *owner, const void *piece);
void tare__pieces_ended(const void *owner, const void *start, size_t bytes);
void tare__piece_adopted(const void *owner, const void *piece, size_t size);
size_t tare__piece_size(const void *owner, const void *piece);

#endif
