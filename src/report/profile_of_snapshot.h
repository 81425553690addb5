/* SPDX-License-Identifier: MIT */
/*
 * A process of a snapshot as a profile, for the formats of stacks with values. Each
 * type's total is the process's statistic, to the byte: what has no site counts to a
 * stack of one frame, "[no call stack]". There that may be below 0, in a process that
 * still runs or of a peak: sites are not read all at the same moment.
 */
#ifndef TARE__PROFILE_OF_SNAPSHOT_H
#define TARE__PROFILE_OF_SNAPSHOT_H

#include "profile.h"
#include "snapshot.h"

/* The process is the snapshot's; the profile refers to the snapshot. 0, ENOMEM or
 * EOVERFLOW; free the profile in either case. */
int tare__profile_of_process(const struct tare__snapshot *snapshot, const struct tare__process *process,
                             struct tare__profile *profile);

#endif
