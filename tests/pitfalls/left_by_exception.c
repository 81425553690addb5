/* SPDX-License-Identifier: MIT */
/* The C half of left_by_exception.cc, compiled with -fexceptions. */
#include "left_by_exception.h"

#include <stdlib.h>

void leave_block_in_c(tare_stats *stats, tare_domain domain)
{
    tare_measure(stats, .domain = domain) {
        free(malloc(21));
        throw_from_cxx();
    }
}

void leave_task_in_c(tare_scope *task)
{
    tare_in_task(task) {
        free(malloc(21));
        throw_from_cxx();
    }
}
