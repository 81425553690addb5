/* SPDX-License-Identifier: MIT */
#ifndef TARE__FAILURE_H
#define TARE__FAILURE_H

#include <tare/tare.h>

#include "text.h"

/* Long enough for every message that tare builds: a table of all statistics
 * and every reason for inexactness, or two stacks. */
#define TARE__MESSAGE_BYTES 5120

/* A message that was cut for its length still ends its line. */
void tare__end_message(struct tare__text *text);

/* Hands a failure to the handler, or prints it and aborts. */
void tare__fail(const tare_failure *failure);

/* Tells of a misuse of `function`, on a scope of this name, and returns the
 * error. here and name may be NULL. */
int tare__fail_error(int error, const char *function, const char *name, const tare_here_ *here);

/* The same with lines that tell more, each ending in a newline. */
int tare__fail_error_detailed(int error, const char *function, const char *name, const tare_here_ *here,
                              const char *details);

#endif
