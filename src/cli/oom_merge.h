/* SPDX-License-Identifier: MIT */
/* What one process found, into the faults of the one that counted: addresses by their modules, and
 * stacks of leaks by their ids. */
#ifndef TARE__OOM_MERGE_H
#define TARE__OOM_MERGE_H

#include "faults.h"

void tare__oom_merge_run(struct tare__faults *into, struct tare__fault_run *run, const struct tare__faults *from,
                         const struct tare__fault_run *found);

/* Points that are given to a process: which, and what the unharmed run leaves of each stack. */
void tare__oom_give_points(struct tare__faults *to, const struct tare__faults *from);

/* The module that an address is in; NULL for none. */
const struct tare__fault_module *tare__oom_module_of(const struct tare__faults *faults, uint64_t address,
                                                     uint32_t image);

/* The address of a place in a module of that path, which is there from now on; 0 where there is no room. */
uint64_t tare__oom_address_in(struct tare__faults *faults, const struct tare__fault_module *like, uint64_t address);

#endif
