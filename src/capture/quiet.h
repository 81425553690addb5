/* SPDX-License-Identifier: MIT */
/* For functions of other libraries that tare calls for itself: what they allocate
 * and free on this thread passes by, and is counted nowhere. */
#ifndef TARE__QUIET_H
#define TARE__QUIET_H

#include "thread.h"

/* In front of them; waits like a call while the gate is shut. All that begins must end,
 * on the same thread, with no signal handler in between: its calls would pass by,
 * too. NULL where it can't be: inside a measured call, or past the thread's end. */
struct tare__thread *tare__quiet_begin(void);
void tare__quiet_end(struct tare__thread *mine);

#endif
