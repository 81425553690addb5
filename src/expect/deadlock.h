/* SPDX-License-Identifier: MIT */
#ifndef TARE__DEADLOCK_H
#define TARE__DEADLOCK_H

#include "text.h"

/* Says which thread waited for which, with the stacks of both, when the watchdog
 * of an exclusive scope last bit, and what to measure by instead. */
void tare__add_deadlock(struct tare__text *text);

#endif
