/* SPDX-License-Identifier: MIT */
#ifndef TARE__START_H
#define TARE__START_H

#include <stdbool.h>

/* Brings tare up on the first call of any interposed function, whoever makes
 * it. False while that is under way (then the boot arena serves) and where it
 * failed for good. */
bool tare__start(void);
bool tare__started(void);

/* Has tare__thread_end(hot) called when the calling thread ends. Its guard is
 * set: libc may allocate for this. */
void tare__start_watch_thread(void *hot);

/* "shared", "preload", "static" or "wrap". */
const char *tare__link_mode(void);

#endif
