/* SPDX-License-Identifier: MIT */
/* A bar on standard error, where that is a terminal. */
#ifndef TARE__OOM_PROGRESS_H
#define TARE__OOM_PROGRESS_H

#include "oom.h"

void tare__oom_progress_count(const struct tare__oom *oom);
void tare__oom_progress(const struct tare__oom *oom);
void tare__oom_progress_end(void);

#endif
