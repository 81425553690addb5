/* SPDX-License-Identifier: MIT */
/*
 * Results of a sweep in a file, a JSON object on each line and the command on the first, so that one that was
 * broken off goes on where it was.
 */
#ifndef TARE__OOM_LOG_H
#define TARE__OOM_LOG_H

#include "oom.h"

struct tare__oom_log;

/* Makes sure that the file is one of this command, or is none yet, and can be written to. 0, or the exit
 * status once it has complained. */
int tare__oom_log_open(struct tare__oom_log **log, const struct tare__oom *oom);

/* Puts its results into the chosen points. The same. */
int tare__oom_log_read(struct tare__oom_log *log, struct tare__oom *oom);

/* Adds a result, at once. Whether that worked tells _close(): 0 or an errno. */
void tare__oom_log_add(struct tare__oom_log *log, const struct tare__oom *oom, uint32_t point, int mode);
int tare__oom_log_close(struct tare__oom_log *log);

#endif
