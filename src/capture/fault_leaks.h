/* SPDX-License-Identifier: MIT */
/* What a run with failures leaves behind that the unharmed one does not. */
#ifndef TARE__FAULT_LEAKS_H
#define TARE__FAULT_LEAKS_H

#include "birth.h"
#include "faults.h"

/* At the end of a scope, by its era; NULL: of the process. Without a run (the plan is to count) notes of each
 * stack what is left; else what is more than that goes to the run. */
void tare__fault_leaks(struct tare__faults *faults, struct tare__fault_run *run, const struct tare__era *era);

#endif
