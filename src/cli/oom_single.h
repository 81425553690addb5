/* SPDX-License-Identifier: MIT */
/* What a sweep and a single point share. */
#ifndef TARE__OOM_SINGLE_H
#define TARE__OOM_SINGLE_H

#include "oom_process.h"

/* A plan for one point, from the start. */
void tare__oom_aim(const struct tare__oom *oom, struct tare__faults *faults, const struct tare__oom_target *target);

/* What came of a process that had it. */
void tare__oom_take_started(struct tare__faults *into, struct tare__fault_run *run,
                            const struct tare__oom_process *process);

#endif
