/* SPDX-License-Identifier: MIT */
/* One store into what a snapshot keeps of a process. */
#ifndef TARE__PROCESS_H
#define TARE__PROCESS_H

#include "snapshot.h"
#include "view.h"

/* False while the process that makes the store has not filled in its header. */
bool tare__process_is_made(struct tare__view *view);

/* The name is the file's, without directories. 0, or an error with its reason; then
 * there is nothing to free. ENODATA: it was never made. */
int tare__process_read(struct tare__process *process, struct tare__view *view, const char *name,
                       struct tare__refusal *refusal);

#endif
