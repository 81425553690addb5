/* SPDX-License-Identifier: MIT */
/* The store of this process: private memory, or in a recorded run a mapped
 * file, so that nothing is lost however the process ends. */
#ifndef TARE__CAPTURE_STORE_H
#define TARE__CAPTURE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include <tare/tare.h>

#include "compiler.h"
#include "store.h"

extern struct tare__store *tare__store TARE__HIDDEN; /* never NULL after start */

/* True while this process records into a file. */
extern bool tare__store_recorded TARE__HIDDEN;

/* Environment of a recorded run: the directory for the files, and "0" where
 * children are not to be recorded. */
#define TARE__ENVIRONMENT_STORE "TARE_STORE"
#define TARE__ENVIRONMENT_FOLLOW "TARE_FOLLOW"
#define TARE__ENVIRONMENT_SITES "TARE_SITES"

/* Decides whether this process is recorded, and where. */
void tare__store_start(void);

/* Fills in what says whose store it is, but for `ready`. */
void tare__store_describe(struct tare__store *store, uint32_t sequence, bool forked);

/* In a child: takes the parent's store off and lays the child's own one, empty,
 * at the same address. foretold: tare__pieces_fork_prepare() came before. */
void tare__store_fork(bool foretold);

/* A slot for a thread; NULL outside a recorded run and when all are taken. */
struct tare__slot *tare__store_take_slot(void);
void tare__store_give_slot(struct tare__slot *slot);

/* Sets TARE_INEXACT_* bits for everything this process measures. */
void tare__store_mark_inexact(uint32_t bits);

#endif
