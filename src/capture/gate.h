/* SPDX-License-Identifier: MIT */
/*
 * The gate of exclusive scopes. While it is shut, only its owner goes on; every
 * other thread waits inside its next call, on a futex of its own, in one line,
 * first come first served: calls that came before the next owner are let through
 * before that shuts the gate again.
 *
 * A thread finds out by its mode, which is stale while the gate is shut to it. So
 * a call that was on its way when the gate was shut can't be stopped; the owner
 * waits until no other thread can be in one (tare__gate_settle).
 *
 * A thread that the owner waits for by pthread_join or thrd_join is its guest: it
 * goes on in the owner's place, and counts as the owner does.
 *
 * Two kinds of calls never wait, for libc makes them with the lock of its threads'
 * stacks held, which the owner needs to make a thread: those of threads past their
 * end, and those inside the functions that give back what a thread had.
 */
#ifndef TARE__GATE_H
#define TARE__GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "scope.h"

extern struct tare__thread *tare__gate_owner TARE__HIDDEN; /* NULL while the gate is open; atomic */

/* Whether the thread must ask for each of its calls, and whether one must wait. May
 * be asked without the lock. */
bool tare__gate_is_shut_to(const struct tare__thread *thread);
bool tare__gate_keeps_out(const struct tare__thread *thread);

/* For a call, of this frame, while the gate is shut: returns when it may go on. */
void tare__gate_pass(struct tare__hot *hot, uintptr_t frame);

/* Shuts the gate for the calling thread, behind whoever is in line. The lock
 * and the thread's work are let go meanwhile. False where the thread has become
 * busy with something else. */
bool tare__gate_shut(struct tare__thread *mine, unsigned watchdog_ms);

/* Waits until no other thread is in a call that began before the gate was shut,
 * or for a second. Without the lock. */
void tare__gate_settle(void);

/* Opens it for all, or for the next owner in line. Does nothing where the thread
 * is not the owner. Under the lock, as all that follows. */
void tare__gate_open(const struct tare__thread *owner);

/* The thread is gone: nobody need let it through. */
void tare__gate_forget(struct tare__thread *thread);

/* In a child of fork, where nobody waits. mine may be NULL. */
void tare__gate_fork_child(struct tare__thread *mine);

/* For the owner, before it takes figures; without the lock. Being asked for its
 * stack may have ended what it waited for: then it learns that it was bitten. */
void tare__gate_await_bite(void);

bool tare__gate_is_guest(const struct tare__thread *thread);

/* Who lent the thread its place, where that is a guest; else NULL. */
const struct tare__thread *tare__gate_lender(const struct tare__thread *thread);

/* Whether the thread has the gate for itself, as its owner or its guest. */
bool tare__gate_is_mine(const struct tare__thread *mine);

/* Around a wait for the end of a thread; without the lock. What lending returns is
 * taken back, once; 0 for nothing lent. ended: the thread is no more. */
uint64_t tare__gate_lend(pthread_t guest);
void tare__gate_take_back(uint64_t loan, bool ended);

#endif
