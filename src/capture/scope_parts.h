/* SPDX-License-Identifier: MIT */
/*
 * What the files that make up a scope share: its state, its handle
 * (scope_handle.c), its attachments to threads (attach.c), its figures
 * (figures.c), and its life: by itself (scope.c), among threads
 * (scope_threads.c), when jumps leave it (scope_jumps.c), as a family or a task
 * (family.c, task.c). All of it is under the registry's lock.
 */
#ifndef TARE__SCOPE_PARTS_H
#define TARE__SCOPE_PARTS_H

#include "saved.h"
#include "scope.h"
#include "statistics.h"

enum tare__scope_state {
    TARE__SCOPE_FREE,
    TARE__SCOPE_OPEN,
    TARE__SCOPE_ENDED /* its thread ended, or a jump left it: the figures are in final until it is closed */
};

struct tare__scope {
    /* These outlive the scope; what follows begins anew with each. */
    uint64_t generation; /* raised at each use; part of the handle, so that an old one is recognised */
    uint32_t index;
    uint32_t changes; /* a futex, raised when a thread of a family leaves it: who waits for one of before is woken */

    int64_t peak; /* over several threads: the sum's highest net, up to the last fold; others may be reading it yet */

    enum tare__scope_state state;
    tare_domain domain;
    uint64_t id;      /* from 1 on, in the order of opening; 0 for the run's */
    uint32_t inexact; /* TARE_INEXACT_* bits that no counter stands for */
    bool shuts_gate;  /* exclusive, and has not let the others go on yet */
    bool sites;       /* they are collected */
    bool is_run;      /* the scope of a recorded run: its figures are read from the store */
    const char *name;
    struct tare__keep *keep; /* while it closes; or NULL */
    struct tare__thread *owner;
    struct tare__era *era;
    struct tare__attachment *attachments;
    struct tare__place place;
    struct tare__scope *next_block;   /* of the owner's open blocks */
    struct tare__scope *next_process; /* of the open scopes over all threads */
    struct tare__scope *next_free;
    struct tare__scope *next_left; /* of the scopes that a jump left */

    struct tare__armed *armed; /* NULL where nothing is to fail */
    tare_stats final;

    /* Over several threads: */
    struct tare__sum *sum;         /* NULL for the process's, which is in the store */
    int64_t net_base;              /* the sum's net at the start */
    struct tare__counted departed; /* what threads counted that are attached no more */
};

/* The net over the threads of one scope, which is not the process's. It lives as
 * long as one of them may be in a call that adds to it. */
struct tare__sum {
    struct tare__shared shared;
    uint32_t users; /* the scope and its attachments, also those that are over */
    struct tare__sum *next_free;
};

/* ---- Handles ------------------------------------------------------------ */

/* A scope in state OPEN, all else 0. NULL when there is no memory. */
struct tare__scope *tare__scope_new(void);
void tare__scope_give(struct tare__scope *scope);

tare_scope *tare__scope_handle(const struct tare__scope *scope);

/* NULL for a handle whose scope is closed, or that never was one. */
struct tare__scope *tare__scope_of(tare_scope *handle);

/* ---- Attachments -------------------------------------------------------- */

/* The open scopes over several threads. */
extern struct tare__scope *tare__process_scopes TARE__HIDDEN;

/* Attaches a scope to a thread: the calling one, whose guard is set, or one that
 * has not begun; tare__refresh makes it known to the thread's calls. NULL when
 * there is no memory. */
struct tare__attachment *tare__attach(struct tare__thread *thread, struct tare__scope *scope);
void tare__refresh(struct tare__thread *thread);

/* The one attachment of a scope to a thread, or NULL. */
struct tare__attachment *tare__attachment_of(const struct tare__thread *thread, const struct tare__scope *scope);

/* Tells those who wait for a family that it has become smaller, or that its scope is closed. */
void tare__family_changed(struct tare__scope *scope);

/* Takes the calling thread, or one that is gone, off an open scope, which keeps
 * what it has counted. */
void tare__detach(struct tare__attachment *attachment);

void tare__unlink_from_thread(struct tare__attachment *attachment);
void tare__unlink_from_scope(struct tare__attachment *attachment);
void tare__attachment_give(struct tare__attachment *attachment);

/* Hands the thread's peak so far to every scope attached to it, and starts it
 * anew from where the net is now. And the same for a scope over several threads. */
void tare__fold_peak(struct tare__thread *thread);
void tare__fold_sum(struct tare__scope *scope);

/* Starts a scope over several threads from where its sum is now. */
void tare__restart_sum(struct tare__scope *scope);

/* A sum that is 0, with one user; NULL when there is no memory. Taken off once
 * for each user. NULL is none. */
struct tare__sum *tare__sum_new(void);
void tare__sum_leave(struct tare__sum *sum);

/* ---- Lives -------------------------------------------------------------- */

/* Whether it lives and dies with the thread that opened it. */
static inline bool tare__scope_is_threads(const struct tare__scope *scope)
{
    return scope->domain == TARE_THREAD || scope->domain == TARE_EXCLUSIVE;
}

/* Takes the figures for good and leaves every thread; those of others detach
 * themselves before their next call. */
void tare__scope_end(struct tare__scope *scope, struct tare__thread *mine);

void tare__unlink_process_scope(struct tare__scope *scope);

/* Has a thread look around before its next call, unless it is `but`. */
void tare__make_stale(struct tare__thread *thread, void *but);

/* The thread's calls are of the new eras of scopes that were reset from now on. */
void tare__enter_new_eras(struct tare__thread *thread);

/* Ends a block whose own end may never come, or may; then it is forgotten. */
void tare__scope_abandon(struct tare__scope *scope, struct tare__thread *mine);
void tare__scope_forget_left(struct tare__scope *scope);

/* ---- Tasks -------------------------------------------------------------- */

/* Ends what a jump left of this thread's blocks, where a block now opens at
 * another place. Does nothing for what is no block. */
void tare__scope_leave_abandoned(struct tare__thread *mine, struct tare__place place);

/* The thread is inside the task only so often any more; at 0 it is detached. */
void tare__task_back_to(struct tare__attachment *attachment, uint32_t entered);

/* Ends an era: at its end or a reset, when the figures have just been taken. Other
 * threads make blocks of it until they look around; complete_at is without those.
 * exactly: no call was half counted, else nobody knows when its last block is gone. */
void tare__scope_close_era(const struct tare__scope *scope, const struct tare__thread *mine, int64_t complete_at,
                           bool exactly);

/* The attachment's thread makes no more blocks of its present era, if that is closed.
 * By that thread itself, or when it has ended. */
void tare__leave_era(struct tare__attachment *attachment);

/* ---- Figures ------------------------------------------------------------ */

/* Adds what an attachment has counted. Returns what makes that inexact. */
uint32_t tare__add_attachment(struct tare__counted *sum, struct tare__attachment *attachment);

/* What of it concerns blocks that were not born in the scope's present era. */
struct tare__foreign tare__foreign_since_reset(const struct tare__attachment *attachment,
                                               const struct tare__counted *now);

/* The scope's figures now; the peaks have been folded. Returns how many of its
 * blocks must end elsewhere until none is left, to close its era with. */
int64_t tare__figures(const struct tare__scope *scope, tare_stats *stats);

#endif
