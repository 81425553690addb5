/* SPDX-License-Identifier: MIT */
/* The functions of allocator.h; wrapped.c does the work. */
#include <stdlib.h>
#include <string.h>
#include <tare/allocator.h>

#include "wrapped.h"

/* By their public names: what the program itself would have called. */
static void *by_malloc(void *context, size_t size)
{
    (void)context;
    return malloc(size);
}

static void *by_realloc(void *context, void *block, size_t size)
{
    (void)context;
    return realloc(block, size);
}

static void by_free(void *context, void *block)
{
    (void)context;
    free(block);
}

static const tare_allocator of_malloc = {by_malloc, by_realloc, by_free, NULL};

static const tare_allocator *inner_of(const void *context)
{
    return context != NULL ? context : &of_malloc;
}

static void *wrapped_alloc(void *context, size_t size)
{
    return tare__wrapped_alloc(inner_of(context), size);
}

static void wrapped_free(void *context, void *block)
{
    if (block != NULL)
        tare__wrapped_free(inner_of(context), block);
}

static void *wrapped_realloc(void *context, void *block, size_t size)
{
    if (block == NULL)
        return wrapped_alloc(context, size);
    if (size != 0)
        return tare__wrapped_realloc(inner_of(context), block, size);
    wrapped_free(context, block);
    return NULL;
}

tare_allocator tare_wrap(const tare_allocator *inner)
{
    return (tare_allocator){wrapped_alloc, wrapped_realloc, wrapped_free, (void *)(uintptr_t)inner};
}

size_t tare_wrapped_size(const tare_allocator *wrapped, const void *block)
{
    return tare__piece_size(inner_of(wrapped->context), block);
}

void tare_wrapped_adopt(const tare_allocator *wrapped, const void *block, size_t size)
{
    if (block != NULL)
        tare__piece_adopted(inner_of(wrapped->context), block, size);
}

void tare_wrapped_free_all(const tare_allocator *wrapped, const void *start, size_t bytes)
{
    tare__pieces_ended(inner_of(wrapped->context), start, bytes);
}

/* The owner of what is noted. */
static const char notes = 0;

void tare_note_alloc(const void *block, size_t size)
{
    tare__piece_made(&notes, block, size);
}

void tare_note_free(const void *block)
{
    if (block != NULL)
        tare__piece_ended(&notes, block);
}

void tare_note_realloc(const void *old, const void *block, size_t size)
{
    if (old != NULL)
        tare__piece_resized(&notes, old, block, size);
    else
        tare__piece_made(&notes, block, size);
}

void tare_note_free_all(const void *start, size_t bytes)
{
    tare__pieces_ended(&notes, start, bytes);
}

_Static_assert(sizeof(struct tare__call) == sizeof((tare_uncounted_block_){0}.state), "the block holds a call");

/* The guard is the block's address, which is above the frames of all that the
 * block calls and below that of what its function was called by. */
void tare_uncounted_begin_(tare_uncounted_block_ *block, int unused, tare_here_ here)
{
    (void)unused, (void)here;
    struct tare__call call = tare__call_begin(TARE__FRAME);
    tare__call_go_on(&call, (uintptr_t)block);
    memcpy(block->state, &call, sizeof call);
    block->running = true;
}

void tare_uncounted_end_(tare_uncounted_block_ *block)
{
    struct tare__call call;
    memcpy(&call, block->state, sizeof call);
    tare__call_come_back(&call);
    tare__call_end(&call);
}
