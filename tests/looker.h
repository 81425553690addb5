/* SPDX-License-Identifier: MIT */
/*
 * For tests of call stacks by themselves, without the rest of tare: the ids of this
 * thread's stack, as they are found in each way, are held against libgcc's walk.
 */
#ifndef LOOKER_H
#define LOOKER_H

#include <signal.h>
#include <stdlib.h>

#include "callstack.h"
#include "capture_pieces.h"
#include "check.h"
#include "frames.h"
#include "last_walk.h"
#include "unwinder.h"

enum { FRAMES_MAX = 10400 };

/* What callstack.c and pieces.c need of the rest. */
struct tare__thread tare__late_thread;
bool tare__birth_add_sites(void *piece, uint32_t *first)
{
    (void)piece;
    (void)first;
    return false;
}

struct looker {
    struct tare__thread remembering, forgetting;
    uint64_t looks, truncated, made_by_hand, exact;
    uint32_t last_id; /* of the last look */
    uint32_t their_count;
    struct {
        uintptr_t pc;
        bool exact;
    } theirs[FRAMES_MAX];
};

static bool note_theirs(void *context, uintptr_t pc, bool exact)
{
    struct looker *looker = (struct looker *)context;
    CHECK(looker->their_count < FRAMES_MAX);
    looker->theirs[looker->their_count].pc = pc;
    looker->theirs[looker->their_count++].exact = exact;
    if (exact) /* the frame before is what the handler returns to */
        looker->theirs[looker->their_count - 2].exact = true;
    return true;
}

/* makecontext() lets its stacks return to the first instruction of a function: libgcc
 * looks before that and finds no row. We say that it is the end. */
static bool made_by_hand(struct looker *looker, const struct tare__frame *outermost, struct tare__unwind_result theirs)
{
    if (theirs.end == TARE__UNWIND_COMPLETE || outermost->parent != 0)
        return false;
    CHECK_EQUAL(outermost->flags, TARE__FRAME_EXACT);
    looker->made_by_hand++;
    return true;
}

/* Each frame, from the innermost on. */
static void compare_frames(struct looker *looker, uint32_t id, struct tare__unwind_result their_end)
{
    uint32_t i = 0;
    for (; id != 0; i++) {
        const struct tare__frame *frame = tare__frame_at(id);
        if ((frame->flags & TARE__FRAME_TRUNCATED) != 0) {
            CHECK_EQUAL(frame->parent, 0);
            CHECK_EQUAL(frame->depth, 1);
            looker->truncated++;
            break;
        }
        CHECK(i < looker->their_count);
        if (frame->address != looker->theirs[i].pc)
            dprintf(2, "frame %u of %u: %#lx, libgcc %#lx\n", i, looker->their_count, (unsigned long)frame->address,
                    (unsigned long)looker->theirs[i].pc);
        CHECK(frame->address == looker->theirs[i].pc);
        if (i == looker->their_count - 1 && made_by_hand(looker, frame, their_end))
            return;
        CHECK_EQUAL((frame->flags & TARE__FRAME_EXACT) != 0, looker->theirs[i].exact);
        looker->exact += looker->theirs[i].exact;
        CHECK_EQUAL(frame->depth, frame->parent != 0 ? tare__frame_at(frame->parent)->depth + 1 : 1);
        id = frame->parent;
    }
    CHECK_EQUAL(i, looker->their_count);
    CHECK_EQUAL(id == 0, their_end.end == TARE__UNWIND_COMPLETE);
}

/* The stack of whoever calls this, in all ways. */
__attribute__((noinline, unused)) static uint32_t look(struct looker *looker)
{
    uintptr_t above = TARE__FRAME;
    looker->looks++;
    uint32_t id = tare__callstack(&looker->remembering, above);
    CHECK(id != 0);
    for (unsigned i = 0; i < TARE__LAST_WALKS; i++)
        tare__walk_forget(looker->forgetting.last_walks[i]);
    CHECK_EQUAL(tare__callstack(&looker->forgetting, above), id);  /* each step */
    CHECK_EQUAL(tare__callstack(&looker->remembering, above), id); /* nothing but comparing */
    CHECK_EQUAL(tare__callstack_from(&looker->remembering, TARE__CALLER), id);
    CHECK_EQUAL(tare__callstack(&tare__late_thread, above), id); /* in parts */
    looker->their_count = 0;
    sigset_t all, before; /* libgcc may hold a lock that a handler must not jump away from */
    CHECK(sigfillset(&all) == 0 && sigprocmask(SIG_SETMASK, &all, &before) == 0);
    struct tare__unwind_result end = tare__unwind_slowly_visit(note_theirs, looker, above);
    CHECK(sigprocmask(SIG_SETMASK, &before, NULL) == 0);
    compare_frames(looker, id, end);
    looker->last_id = id;
    return id;
}

static inline uint32_t depth_of(uint32_t id)
{
    return tare__frame_at(id)->depth;
}

#endif
