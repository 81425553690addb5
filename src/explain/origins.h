/* SPDX-License-Identifier: MIT */
/* Where allocations came from, out of a store. */
#ifndef TARE__ORIGINS_H
#define TARE__ORIGINS_H

#include "snapshot.h"
#include "view.h"

/* All of origins but what tare__symbolize() fills in. The peak is the net whose
 * shares are asked for, stats what the sites have their part of. 0, or an error;
 * then there is nothing to free. */
int tare__origins_read(struct tare__origins *origins, struct tare__view *view, const struct tare__store *store,
                       int64_t peak, const tare_stats *stats, struct tare__refusal *refusal);

#endif
