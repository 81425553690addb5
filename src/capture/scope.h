/* SPDX-License-Identifier: MIT */
/*
 * Scopes and their attachments to threads.
 *
 * A thread counts once, however many scopes are open; an attachment remembers
 * where the thread's counters stood when the scope began to count it. So a
 * scope costs a call nothing, and its figures are sums of differences. A scope
 * of one thread has one attachment; a scope of the process has one for each
 * thread, which each thread makes for itself before its next call, so that no
 * call is ever half inside.
 */
#ifndef TARE__SCOPE_H
#define TARE__SCOPE_H

#include <tare/tare.h>

#include "birth.h"
#include "thread.h"

/* Where a scope in block form stands on the stack; zero for the others. */
struct tare__place {
    uintptr_t block; /* the block's variable: two open blocks never share one */
    uintptr_t frame; /* below everything in the frame of the function that opens it */
};

struct tare__attachment {
    struct tare__counters base; /* the thread's counters when it was attached, or at the last reset */
    struct tare__counted taken; /* the thread's counters when figures were last taken */
    struct tare__scope *scope;
    struct tare__thread *thread;
    struct tare__era *era;
    struct tare__sum *sum;     /* of the scope; NULL for those of a thread and of the process */
    struct tare__armed *armed; /* of the scope; NULL where nothing is to fail */
    struct tare__attachment *next_of_thread;
    struct tare__attachment *next_of_scope; /* or in the free list */
    struct tare__foreign own_foreign;
    struct tare__foreign *foreign;     /* own_foreign, or in the store for the run's scope */
    struct tare__foreign foreign_base; /* what of that was there at the last reset */
    struct tare__share share;          /* in a sum over several threads */
    int64_t kept_at_close;             /* blocks of the thread in its era when that was closed (attach.c) */
    uint32_t entered;                  /* how often the thread is inside the task */
    uint32_t entered_before;           /* the outermost block by which it is inside that */
    struct tare__place place;          /* of that block */
    bool over;                         /* the scope has closed; the thread will detach itself */
    int64_t peak;                      /* highest net of the thread while attached, up to the last change of scopes */
};

enum tare__take { TARE__READ, TARE__RESET, TARE__CLOSE };

/* Opens a scope for the calling thread. NULL with *error set on failure. */
tare_scope *tare__scope_open(const tare_options *options, struct tare__place place, int *error);

/* The same of one in which allocations fail (fault.h). */
struct tare__arming;
tare_scope *tare__scope_open_armed(const tare_options *options, struct tare__place place,
                                   const struct tare__arming *arming, int *error);

/* Takes the figures, and then resets or closes. 0 or an error. *name becomes the
 * scope's, where there is one; name may be NULL. */
int tare__scope_take(tare_scope *handle, enum tare__take take, tare_stats *stats, const char **name);

/* True where the thread's calls are counted for the scope of this era. Of its own
 * thread, or under the lock. */
bool tare__is_attached(const struct tare__thread *thread, const struct tare__era *era);

/* True when a canary came home. */
bool tare__scope_canary(void);

/* Enters a task, and leaves it. In a block: the block's place, and how often the
 * thread was inside before, to which its end goes back whatever was left by a
 * jump in between. 0 or an error. */
int tare__task_enter(tare_scope *handle, struct tare__place place, uint32_t *before);
int tare__task_leave(tare_scope *handle);
int tare__task_leave_block(tare_scope *handle, uint32_t before);

/* A record for a thread that this one is about to make, attached to all families
 * that this one belongs to; NULL where it belongs to none. */
struct tare__thread *tare__family_prepare(struct tare__thread *mine);

/* Waits until the threads of a family have ended. 0 or an error. */
int tare__family_join(tare_scope *handle, int timeout_ms);

/* The name given to a scope that is not closed, or NULL. */
const char *tare__scope_name(tare_scope *handle);

/* A call of this frame found its thread the owner of the gate: ends the blocks of
 * it that a jump has left. */
void tare__scope_leave_jumped(struct tare__thread *mine, uintptr_t frame);

/* Under the lock, or with no other thread about. */
void tare__scope_open_run(struct tare__armed *armed);       /* the scope of a run, in every thread; NULL: no faults */
void tare__scope_sync(struct tare__thread *thread);         /* attach what opened, detach what closed */
void tare__scope_thread_ended(struct tare__thread *thread); /* end its scopes, leave those of others */
void tare__scope_restart_threads(struct tare__thread *but); /* has all others look around before their next call */

/* For a child of fork, in this order (fork.c): the parent's run is left without
 * a trace, and with the store all that the open scopes stand on starts from 0. */
void tare__scope_leave_run(void);
void tare__scope_rebase_shared(const struct tare__shared *before);
void tare__scope_rebase(struct tare__thread *thread, const struct tare__counters *before);

/* Sets TARE_INEXACT_* bits for the scopes attached to a thread. */
void tare__scope_mark_inexact(const struct tare__thread *thread, uint32_t bits);

#endif
