/* SPDX-License-Identifier: MIT */
/*
 * The table of sites, by stack and scopes. It is read without a lock, and changed under
 * that of the pieces. Those in use are in a list of their scopes, into which anyone may
 * put one. A site that lies idle may be given another stack and scopes: `state` says
 * whose it is, and `scopes` is written last and cleared first.
 */
#ifndef TARE__SITE_TABLE_H
#define TARE__SITE_TABLE_H

#include <stddef.h>

#include "site.h"

/* Any thread. 0 for none, or none that was found in the moment: look again under the lock. */
uint32_t tare__site_find(uint32_t stack, uint32_t scopes);

/* Whether it still is the one of these; scopes first. */
TARE__INLINE bool tare__site_is_of(const struct tare__site *site, uint32_t stack, uint32_t scopes)
{
    return __atomic_load_n(&site->scopes, __ATOMIC_ACQUIRE) == scopes && TARE__LOAD(site->stack) == stack;
}

/* Puts an idle site among those of its scopes. False where it was given to others. Any thread. */
bool tare__site_take_up(uint32_t id, struct tare__site *site);

/* The note for the scope at a place in the site's list, 0 for the newest. */
TARE__INLINE struct tare__peak_note *tare__site_note_at(const struct tare__site *site, uint32_t index, bool oldest)
{
    _Static_assert(offsetof(struct tare__site, peak_bytes) - offsetof(struct tare__site, peak_at) ==
                       offsetof(struct tare__peak_note, peak_bytes),
                   "a note lies in the site as by itself");
    if (oldest)
        return (struct tare__peak_note *)(uintptr_t)&site->peak_at;
    return TARE__LOAD(tare__site_own(site)->notes) + index;
}

/* The scopes of a set, the oldest among them. */
uint32_t tare__site_depth(uint32_t scopes);

/* ---- Under the lock of the pieces ---------------------------------------------- */

/* 0 where there is no room. */
uint32_t tare__site_find_or_make(uint32_t stack, uint32_t scopes);

/* Room for the peaks of all of so many scopes but the oldest. False: no memory. */
bool tare__site_have_notes(struct tare__site *site, uint32_t depth);

/* An active site starts from 0, and lies idle. */
void tare__site_start_anew(struct tare__site *site);

/* Made before the fork of a recorded process: the file of this one has it not, nor its stack. */
bool tare__site_is_inherited(uint32_t id);

/* An active site whose scopes have ended is one of others from now on. There must be none of
 * the same stack and those. */
void tare__site_move(uint32_t id, struct tare__site *site, uint32_t scopes);

#endif
