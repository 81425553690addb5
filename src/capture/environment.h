/* SPDX-License-Identifier: MIT */
/* What `tare run` tells the library, by the environment as the kernel passed it. */
#ifndef TARE__ENVIRONMENT_H
#define TARE__ENVIRONMENT_H

#include <stdbool.h>

/* The value, or NULL. It points into the process's own environment, which the
 * program may change later: look at start-up. */
const char *tare__environment_get(const char *name);

/* True when LD_PRELOAD names this library. */
bool tare__environment_preloaded(void);

/* True unless children are to run unrecorded (`tare run --no-follow`). Asked
 * first at start-up, and remembered. */
bool tare__environment_follow(void);

/* True unless no scope is to collect sites (TARE_SITES=off). Likewise. */
bool tare__environment_sites(void);

/* Takes this library's entry, and no other, off LD_PRELOAD, and the variables
 * of `tare run` with it, so that children run as if without us. */
void tare__environment_forget(void);

#endif
