/* SPDX-License-Identifier: MIT */
/* Where a process crashes once an allocation of it has failed. */
#ifndef TARE__FAULT_CRASH_H
#define TARE__FAULT_CRASH_H

#include "faults.h"

/* From here on a signal that would end the process by its mistake puts the stack of it there first,
 * from a stack of its own if it comes on this thread. What the program handles by
 * itself stays as it is. Once; not in another's process. */
void tare__fault_catch(struct tare__fault_stack *crash);

#endif
