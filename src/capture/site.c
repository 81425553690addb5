/* SPDX-License-Identifier: MIT */
/* Sites looked up by calls, and what calls do to them. */
#include "site_table.h"

#include "blockmap.h"
#include "os.h"

/* Puts a site among those of its scopes, where it is not there yet. False where it has
 * become another's meanwhile, or there is no memory for its notes. A signal handler
 * that jumps out of this leaves a scope that is inexact, whose births nobody uses
 * again. */
static TARE__COLD bool activate(uint32_t id, uint32_t stack, uint32_t scopes)
{
    struct tare__site *site = tare__birth_site(id);
    if (tare__site_depth(scopes) > __atomic_load_n(&tare__site_own(site)->notes_most, __ATOMIC_ACQUIRE) + 1) {
        uint64_t blocked = tare__pieces_begin();
        bool noted = tare__site_have_notes(site, tare__site_depth(scopes));
        tare__pieces_end(blocked);
        if (!noted)
            return false;
    }
    return tare__site_take_up(id, site) && tare__site_is_of(site, stack, scopes);
}

/* ---- Looking one up ------------------------------------------------------ */

static TARE__COLD uint32_t look_further(uint32_t stack, uint32_t scopes)
{
    uint32_t id = tare__site_find(stack, scopes);
    if (id == 0 || !activate(id, stack, scopes)) {
        uint64_t blocked = tare__pieces_begin();
        id = tare__site_find_or_make(stack, scopes);
        bool taken = id != 0 && tare__site_have_notes(tare__birth_site(id), tare__site_depth(scopes)) &&
                     tare__site_take_up(id, tare__birth_site(id));
        tare__pieces_end(blocked);
        if (!taken)
            return scopes;
    }
    if (stack != 0)
        TARE__STORE(tare__frame_at(stack)->owner_private[1], id);
    return id;
}

TARE__INLINE uint32_t site_of_stack(uint32_t stack, uint32_t scopes)
{
    if (TARE__LIKELY(stack != 0)) {
        uint32_t id = TARE__LOAD(tare__frame_at(stack)->owner_private[1]);
        const struct tare__site *site = tare__birth_site(id);
        if (TARE__LIKELY(
                site != NULL && tare__site_is_of(site, stack, scopes) &&
                (TARE__LOAD(site->allocations) != 0 || TARE__LOAD(tare__site_own(site)->state) == TARE__SITE_ACTIVE)))
            return id;
    }
    return look_further(stack, scopes);
}

uint32_t tare__site_here(struct tare__hot *hot, uint32_t scopes, uintptr_t frame)
{
    if (!hot->thread->sites || scopes == TARE__BIRTH_NONE)
        return scopes;
    return site_of_stack(tare__callstack(hot->thread, frame), scopes);
}

uint32_t tare__site_of(struct tare__hot *hot, struct tare__caller caller)
{
    return site_of_stack(tare__callstack_from(hot->thread, caller), hot->birth);
}

/* ---- Peaks --------------------------------------------------------------- */

static struct tare__peak_note held_now(const struct tare__site *site, int64_t peak)
{
    return (struct tare__peak_note){
        .peak_at = peak,
        .peak_blocks = TARE__LOAD(site->live_blocks) - TARE__LOAD(site->elsewhere_blocks),
        .peak_bytes = TARE__LOAD(site->live_bytes) - TARE__LOAD(site->elsewhere_bytes),
    };
}

static void set_note(struct tare__peak_note *note, struct tare__peak_note to)
{
    TARE__STORE(note->peak_blocks, to.peak_blocks);
    TARE__STORE(note->peak_bytes, to.peak_bytes);
    TARE__STORE(note->peak_at, to.peak_at);
}

/* Notes what the site holds for each of its scopes. For one that is closed that means
 * nothing, and harms nothing. */
void tare__site_note_peaks(struct tare__site *site)
{
    uint32_t index = 0;
    for (uint32_t birth = site->scopes; birth >= TARE__BIRTH_FIRST; index++) {
        const struct tare__birth_node *node = tare__birth_node(birth);
        birth = node->parent;
        struct tare__peak_note *note = tare__site_note_at(site, index, birth < TARE__BIRTH_FIRST);
        int64_t peak = tare__era_peak(node->era);
        if (TARE__LOAD(note->peak_at) != peak)
            set_note(note, held_now(site, peak));
    }
}

struct tare__peak_note tare__site_share(const struct tare__site *site, const struct tare__era *era)
{
    uint32_t index = 0;
    int64_t peak = tare__era_peak(era);
    for (uint32_t birth = site->scopes; birth >= TARE__BIRTH_FIRST; index++) {
        const struct tare__birth_node *node = tare__birth_node(birth);
        birth = node->parent;
        if (node->era != era)
            continue;
        const struct tare__peak_note *note = tare__site_note_at(site, index, birth < TARE__BIRTH_FIRST);
        if (TARE__LOAD(note->peak_at) == peak)
            return *note;
        break;
    }
    return held_now(site, peak);
}

/* ---- What calls do to them ------------------------------------------------ */

void tare__site_reallocated(struct tare__hot *hot, struct tare__site *site, int64_t growth)
{
    TARE__SITE_ADD(hot, site->reallocations, 1);
    if (growth > 0)
        TARE__SITE_ADD(hot, site->bytes_allocated, (uint64_t)growth);
    hot->last = NULL;
}

void tare__site_elsewhere(uint32_t birth, int64_t blocks, int64_t bytes)
{
    struct tare__site *site = tare__birth_site(birth);
    if (site == NULL)
        return;
    tare__site_note_peaks(site); /* also for a scope that does not count the call */
    __atomic_add_fetch(&site->elsewhere_blocks, blocks, __ATOMIC_RELAXED);
    __atomic_add_fetch(&site->elsewhere_bytes, bytes, __ATOMIC_RELAXED);
}
