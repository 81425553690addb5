/* SPDX-License-Identifier: MIT */
/* Which sites a list shows, in which order. */
#ifndef TARE__SITES_H
#define TARE__SITES_H

#include "metric.h"

typedef const struct tare__snapshot_site *tare__site_pointer;

struct tare__ranking {
    tare__site_pointer *sites; /* the largest first; owned */
    size_t count;
};

/* By `order`, those that count in `metric`, or all for NULL. Where that counts leaks,
 * pools of the runtime are left out, too: they are named apart. 0 or ENOMEM. */
int tare__sites_rank(const struct tare__process *process, const struct tare__metric *metric,
                     const struct tare__metric *order, struct tare__ranking *ranking);
void tare__ranking_free(struct tare__ranking *ranking);

/* Live blocks that are no leaks one has to look at: by pool, or by suppression. */
struct tare__set_apart {
    const char *name;
    int64_t blocks, bytes;
};

#define TARE__SET_APART_MAX 32

/* Returns how many there are, at most TARE__SET_APART_MAX: the rest is in the last. */
size_t tare__sites_pools(const struct tare__process *process, struct tare__set_apart apart[TARE__SET_APART_MAX]);
size_t tare__sites_suppressed(const struct tare__process *process, struct tare__set_apart apart[TARE__SET_APART_MAX]);

#endif
