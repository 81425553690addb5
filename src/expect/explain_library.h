/* SPDX-License-Identifier: MIT */
/* libtare-explain.so: loaded when it is needed first. */
#ifndef TARE__EXPLAIN_LIBRARY_H
#define TARE__EXPLAIN_LIBRARY_H

#include "explaining.h"

/* Has the library explain. 0, or an errno value with its reason: there is no such library,
 * the program is static, or what the library says. What it allocates is counted
 * nowhere, and no signal handler runs on this thread meanwhile. */
int tare__explain_by_library(struct tare__explaining *explaining);

#endif
