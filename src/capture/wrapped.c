/* SPDX-License-Identifier: MIT */
#include "wrapped.h"

#include <errno.h>
#include <string.h>

#include "fault.h"
#include "noted.h"
#include "probe.h"
#include "record.h"

/* ---- Calls --------------------------------------------------------------- */

/* Of threads past their end that are in a function of the program's: to every
 * call in there this is the guard of a frame further out. */
static struct tare__hot late_in_callee = {.mode = TARE__MODE_BUSY, .guard = UINTPTR_MAX, .thread = &tare__late_thread};

/* An outer call has told the guard already, or a signal handler came into one:
 * then there is nothing to tell. */
struct tare__call tare__call_begin(uintptr_t frame)
{
    struct tare__call call = {.entry = tare__enter(frame)};
    call.hot = tare__self;
    if (call.entry.how >= TARE__BOOT)
        call.entry.how = TARE__PASS;
    if (call.hot == &tare__nobody || call.entry.birth == TARE__BIRTH_NESTED || tare__guard_is_own(call.hot->guard))
        call.hot = NULL;
    return call;
}

void tare__call_go_on(struct tare__call *call, uintptr_t frame)
{
    struct tare__hot *hot = call->hot;
    if (hot == NULL)
        return;
    if (TARE__LOAD(hot->mode) == TARE__MODE_LATE) {
        TARE__STORE(late_in_callee.counters, hot->counters);
        TARE__STORE(tare__self, &late_in_callee);
        return;
    }
    call->guard = hot->guard;
    call->callee = frame | TARE__GUARD_CALLEE;
    call->stale = tare__thread_begin_work(hot);
    TARE__STORE(hot->guard, call->callee);
}

/* The guard is another's where somebody has found that a jump left the call. */
void tare__call_come_back(struct tare__call *call)
{
    struct tare__hot *hot = call->hot;
    if (hot == NULL)
        return;
    if (TARE__LOAD(hot->mode) == TARE__MODE_LATE)
        TARE__STORE(tare__self, hot);
    else if (hot->guard == call->callee)
        TARE__STORE(hot->guard, call->guard);
}

void tare__call_end(const struct tare__call *call)
{
    tare__leave(call->entry);
    struct tare__hot *hot = call->hot;
    if (call->callee == 0)
        return;
    tare__thread_end_work(hot->thread);
    if (call->stale)
        TARE__STORE(hot->mode, TARE__MODE_STALE);
}

/* ---- Wrapped allocators -------------------------------------------------- */

void *tare__wrapped_alloc(const tare_allocator *inner, size_t size)
{
    struct tare__call call = tare__call_begin(TARE__FRAME);
    if (tare__fault_comes(call.entry, size)) {
        tare__record_failure(call.entry);
        tare__call_end(&call);
        errno = ENOMEM;
        return NULL;
    }
    tare__call_go_on(&call, TARE__FRAME);
    void *block = inner->alloc(inner->context, size);
    tare__call_come_back(&call);
    tare__record_piece(call.entry, inner, block, size);
    tare__call_end(&call);
    return block;
}

/* Counted before it is given back: then another thread may have the address. */
void tare__wrapped_free(const tare_allocator *inner, void *block)
{
    struct tare__call call = tare__call_begin(TARE__FRAME);
    tare__record_ended(call.entry, block, tare__record_take_piece(inner, block), 1);
    if (inner->free != NULL) {
        tare__call_go_on(&call, TARE__FRAME);
        inner->free(inner->context, block);
        tare__call_come_back(&call);
    }
    tare__call_end(&call);
}

/* For an allocator that can't resize. A piece of unknown size can't be copied. */
static void *move(const tare_allocator *inner, void *block, struct tare__block old, size_t size)
{
    void *fresh = old.known ? inner->alloc(inner->context, size) : NULL;
    if (fresh == NULL)
        return NULL;
    memcpy(fresh, block, old.size < size ? old.size : size);
    if (inner->free != NULL)
        inner->free(inner->context, block);
    return fresh;
}

void *tare__wrapped_realloc(const tare_allocator *inner, void *block, size_t size)
{
    struct tare__call call = tare__call_begin(TARE__FRAME);
    struct tare__block old = tare__record_take_piece(inner, block);
    if (tare__fault_comes_resizing(call.entry, size, old.size)) {
        tare__record_piece_resized(call.entry, inner, block, old, NULL, size);
        tare__call_end(&call);
        errno = ENOMEM;
        return NULL;
    }
    tare__call_go_on(&call, TARE__FRAME);
    void *fresh = inner->realloc != NULL ? inner->realloc(inner->context, block, size) : move(inner, block, old, size);
    tare__call_come_back(&call);
    tare__record_piece_resized(call.entry, inner, block, old, fresh, size);
    tare__call_end(&call);
    return fresh;
}

/* ---- What is told of pieces ----------------------------------------------- */

void tare__piece_made(const void *owner, const void *piece, size_t size)
{
    struct tare__call call = tare__call_begin(TARE__FRAME);
    tare__record_piece(call.entry, owner, piece, size);
    tare__call_end(&call);
}

void tare__piece_resized(const void *owner, const void *piece, const void *fresh, size_t size)
{
    struct tare__call call = tare__call_begin(TARE__FRAME);
    tare__record_piece_resized(call.entry, owner, piece, tare__record_take_piece(owner, piece), fresh, size);
    tare__call_end(&call);
}

void tare__piece_ended(const void *owner, const void *piece)
{
    struct tare__call call = tare__call_begin(TARE__FRAME);
    tare__record_ended(call.entry, piece, tare__record_take_piece(owner, piece), 1);
    tare__call_end(&call);
}

void tare__pieces_ended(const void *owner, const void *start, size_t bytes)
{
    struct tare__call call = tare__call_begin(TARE__FRAME);
    struct tare__stretch stretch = tare__noted_stretch(owner, start, bytes);
    if (TARE__LISTENED(deallocation) && call.entry.how == TARE__COUNT) {
        stretch.tell = tare__tell_deallocation;
        stretch.hot = call.entry.hot;
    }
    struct tare__ended ended[TARE__ENDED_BIRTHS];
    struct tare__work work;
    for (unsigned births = 1; births != 0 && tare__work_begin(&work);) {
        births = tare__noted_take_some(&stretch, ended);
        tare__work_end(&work);
        for (unsigned i = 0; i < births; i++)
            tare__record_ended(call.entry, NULL, (struct tare__block){ended[i].bytes, ended[i].birth, true},
                               ended[i].pieces);
    }
    tare__call_end(&call);
}

void tare__piece_adopted(const void *owner, const void *piece, size_t size)
{
    struct tare__call call = tare__call_begin(TARE__FRAME);
    struct tare__block older;
    struct tare__work work;
    if (tare__work_begin(&work)) {
        if (!tare__noted_look(owner, piece).known)
            tare__noted_put(owner, piece, size, TARE__BIRTH_NONE, &older);
        tare__work_end(&work);
    }
    tare__call_end(&call);
}

size_t tare__piece_size(const void *owner, const void *piece)
{
    struct tare__call call = tare__call_begin(TARE__FRAME);
    struct tare__work work;
    struct tare__block found = {0, TARE__BIRTH_NONE, false};
    if (tare__work_begin(&work)) {
        found = tare__noted_look(owner, piece);
        tare__work_end(&work);
    }
    tare__call_end(&call);
    return found.known ? found.size : SIZE_MAX;
}
