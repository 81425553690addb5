/* SPDX-License-Identifier: MIT */
#ifndef LEFT_BY_EXCEPTION_H
#define LEFT_BY_EXCEPTION_H

#include <tare/tare.h>

#ifdef __cplusplus
extern "C" {
#endif

/* In C++: throws. */
void throw_from_cxx(void);

/* In C: calls it inside a block, and never returns. */
void leave_block_in_c(tare_stats *stats, tare_domain domain);
void leave_task_in_c(tare_scope *task);

#ifdef __cplusplus
}
#endif
#endif
