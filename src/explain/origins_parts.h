/* SPDX-License-Identifier: MIT */
/* What the files share that make origins out of a store's records. */
#ifndef TARE__ORIGINS_PARTS_H
#define TARE__ORIGINS_PARTS_H

#include "origins.h"
#include "records.h"
#include "table.h"

struct tare__building {
    struct tare__origins *origins;
    struct tare__records sites, frames, modules; /* notes: the index in origins */
    struct tare__table known_frames;             /* by content; values are indices */
    uint32_t *pending;                           /* frames from the one that was asked for, outwards */
    size_t pending_count;
    struct tare__first_site *first_sites; /* by index of frame */
    int64_t peak;
    struct tare__refusal *refusal;
};

/* Of the sites of one stack, their indices and one more; 0 for none. */
struct tare__first_site {
    uint32_t plain, runtime;
    bool is_truncated; /* the stack's outer part is missing */
};

/* EBADMSG, with the place of the record. */
int tare__damaged(struct tare__building *building, const struct tare__records *records, const char *what, uint32_t id,
                  const char *problem);

/* One that never was, or that has started anew since what it told of has ended. */
static inline bool tare__is_blank(const struct tare__site *site)
{
    return (site->allocations | site->reallocations) == 0;
}

/* The frames that sites lead to; modules are there. 0, or an error. */
int tare__add_stacks(struct tare__building *building);

/* The sites, once the frames are there. 0, or an error. */
int tare__add_sites(struct tare__building *building);

/* Sorts them, and finds what of the process's figures they do not have. */
void tare__finish_sites(struct tare__origins *origins, const tare_stats *stats);

#endif
