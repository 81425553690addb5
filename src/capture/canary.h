/* SPDX-License-Identifier: MIT */
#ifndef TARE__CANARY_H
#define TARE__CANARY_H

#include "thread.h"

/* Has libc allocate once, as the program does, and looks whether the call came
 * by here. The allocator itself is not troubled when it did. The thread is the
 * caller's, between tare__thread_mine() and _done(). */
bool tare__canary(struct tare__thread *mine);

#endif
