/* SPDX-License-Identifier: MIT */
/*
 * What fork makes of a process that is being measured: the child goes on with
 * the scopes that were open, and a recorded run's child records on its own.
 */
#ifndef TARE__FORK_H
#define TARE__FORK_H

#include "thread.h"

/* For pthread_atfork. */
void tare__fork_prepare(void);
void tare__fork_parent(void);
void tare__fork_child(void);

/* Looks whether this is a child that no handler told of: of _Fork, or of a raw
 * clone. hot is the calling thread's line, whose mode is NONE. */
void tare__fork_notice(struct tare__hot *hot);

/* Called by our vfork() (vfork.S), which then jumps to what this returns. */
typedef pid_t tare__vfork(void);
tare__vfork *tare__vfork_target(void) __attribute__((visibility("hidden")));

#endif
