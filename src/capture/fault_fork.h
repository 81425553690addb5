/* SPDX-License-Identifier: MIT */
/*
 * A plan of kind FORK: at a point that is wanted the process makes a copy of itself, which goes on with a
 * failure and ends as it likes, while the original waits. Then it puts back what the copy has
 * moved, and goes on as if nothing had happened. So all points cost one run and what follows
 * each of them.
 */
#ifndef TARE__FAULT_FORK_H
#define TARE__FAULT_FORK_H

#include <stdbool.h>
#include <stdint.h>

struct tare__armed;
struct tare__fault_point;
struct tare__hot;

/* At start-up: what is standard output and error now is no reason not to fork. */
void tare__fault_fork_begins(void);

/* The first time that it comes to the point in this run, inside the call. True in a copy: this allocation is
 * to fail. False in the original, once all copies have ended. */
bool tare__fault_fork(struct tare__armed *armed, struct tare__fault_point *point, uint64_t ordinal,
                      struct tare__hot *hot);

#endif
