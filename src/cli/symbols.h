/* SPDX-License-Identifier: MIT */
/* From a snapshot as it was read to one that can be reported. */
#ifndef TARE__SYMBOLS_H
#define TARE__SYMBOLS_H

#include <stdbool.h>

#include "suppression.h"

/* Looks up the symbols of the main process, or of all, with progress where stderr is a terminal, and
 * takes suppressed leaks off. Returns 0, or the exit status once it has complained. */
int tare__explain_snapshot(const char *command, struct tare__snapshot *snapshot,
                           const struct tare__suppressions *suppressions, bool all_processes);

/* The same without a word, and without suppressions. */
int tare__explain_quietly(struct tare__snapshot *snapshot);

#endif
