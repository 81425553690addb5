/* SPDX-License-Identifier: MIT */
/* When a set of scopes has ended, what its sites did is also what the scopes behind it did. */
#include "blockmap.h"
#include "site_table.h"

/* What a set of scopes did is also what the scopes behind it did, which may go on. */
static void add_to_parent(struct tare__site *site, uint32_t parent)
{
    uint32_t id = tare__site_find_or_make(site->stack, parent);
    struct tare__site *to = tare__birth_site(id);
    if (id == 0 || !tare__site_have_notes(to, tare__site_depth(parent)) || !tare__site_take_up(id, to))
        return; /* the sums say so */
    tare__site_note_peaks(to);
    tare__site_note_peaks(site);
    uint32_t index = 0;
    for (uint32_t birth = parent; birth >= TARE__BIRTH_FIRST; index++) {
        birth = tare__birth_node(birth)->parent;
        bool oldest = birth < TARE__BIRTH_FIRST;
        const struct tare__peak_note *from = tare__site_note_at(site, index + 1, oldest);
        struct tare__peak_note *note = tare__site_note_at(to, index, oldest);
        if (TARE__LOAD(from->peak_at) != TARE__LOAD(note->peak_at))
            continue;
        TARE__ADD(note->peak_blocks, TARE__LOAD(from->peak_blocks));
        TARE__ADD(note->peak_bytes, TARE__LOAD(from->peak_bytes));
    }
#define ADD(field) __atomic_add_fetch(&to->field, TARE__LOAD(site->field), __ATOMIC_RELAXED)
    ADD(allocations);
    ADD(bytes_allocated);
    ADD(reallocations);
    ADD(temporary);
    ADD(live_blocks);
    ADD(live_bytes);
    ADD(elsewhere_blocks);
    ADD(elsewhere_bytes);
#undef ADD
}

static void site_ended(uint32_t id, struct tare__site *site, uint32_t parent)
{
    if (parent >= TARE__BIRTH_FIRST) {
        if (tare__site_is_inherited(id) && tare__site_find(site->stack, parent) == 0) {
            tare__site_move(id, site, parent); /* a new one would be in the file, without its stack */
            return;
        }
        add_to_parent(site, parent);
    }
    tare__site_start_anew(site);
}

static void scopes_ended(struct tare__birth_node *node)
{
    if (node->first_site == 0)
        return;
    tare__lock_acquire(&tare__pieces_lock); /* the thread has told its guard */
    for (uint32_t id = node->first_site, next; id != 0; id = next) {
        struct tare__site *site = tare__birth_site(id);
        next = tare__site_own(site)->next_of_scopes;
        site_ended(id, site, node->parent);
    }
    tare__lock_release(&tare__pieces_lock);
    node->first_site = 0;
}

void tare__sites_start(void)
{
    tare__birth_ended = scopes_ended;
}
