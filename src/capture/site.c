/* SPDX-License-Identifier: MIT */
/*
 * The table of sites is read without a lock, and changed under that of the pieces.
 * Those in use are in a list of their scopes, into which anyone may put one. A site
 * that lies idle may be given another stack and scopes: `state` says whose it is, and
 * `scopes` is written last and cleared first.
 */
#include "site.h"

#include <stddef.h>
#include <string.h>

#include "blockmap.h"
#include "os.h"
#include "scope.h"

#define HASH_BITS_FIRST 8
#define NOTES_BYTES (64u * 1024)
#define LOOKS_MAX 256  /* without the lock: sites that are used again may lead from one place to another */
#define IDLE_FEW 1024u /* sites that may lie idle in any case */

struct table {
    unsigned bits;
    uint32_t places[];
};

static struct table *table;
static uint32_t hashed;
static uint32_t idle;
static uint32_t free_sites; /* by next_in_place */
static uint32_t first_own;  /* those before are not in this process's file */
static char *notes_at;
static size_t notes_left;

static uint32_t *place_of(struct table *in, uint32_t stack, uint32_t scopes)
{
    uint64_t hash = (stack + scopes * UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xd6e8feb86659fd93);
    return &in->places[hash >> (64 - in->bits)];
}

static bool is_of(const struct tare__site *site, uint32_t stack, uint32_t scopes)
{
    return __atomic_load_n(&site->scopes, __ATOMIC_ACQUIRE) == scopes && TARE__LOAD(site->stack) == stack;
}

static uint32_t find(uint32_t stack, uint32_t scopes)
{
    struct table *in = __atomic_load_n(&table, __ATOMIC_ACQUIRE);
    uint32_t id = in != NULL ? __atomic_load_n(place_of(in, stack, scopes), __ATOMIC_ACQUIRE) : 0;
    for (int looks = 0; id != 0 && looks < LOOKS_MAX; looks++) {
        if (is_of(tare__birth_site(id), stack, scopes))
            return id;
        id = TARE__LOAD(tare__site_own(tare__birth_site(id))->next_in_place);
    }
    return 0;
}

/* ---- Under the lock ------------------------------------------------------ */

static void put_in_place(struct table *in, uint32_t id, struct tare__site *site)
{
    uint32_t *place = place_of(in, site->stack, site->scopes);
    TARE__STORE(tare__site_own(site)->next_in_place, *place);
    __atomic_store_n(place, id, __ATOMIC_RELEASE);
}

static struct table *new_table(unsigned bits)
{
    struct table *fresh = tare__os_map(sizeof *fresh + ((size_t)sizeof *fresh->places << bits));
    if (fresh != NULL)
        fresh->bits = bits;
    return fresh;
}

/* Who looks into the old table meanwhile may be led into the new one, finds nothing, and
 * looks once more under the lock. The old one stays. */
static TARE__COLD bool have_places(void)
{
    if (table != NULL && hashed < 1u << table->bits)
        return true;
    struct table *fresh = new_table(table == NULL ? HASH_BITS_FIRST : table->bits + 2);
    if (fresh == NULL)
        return table != NULL;
    for (uint32_t i = 0; table != NULL && i < 1u << table->bits; i++)
        for (uint32_t id = table->places[i], next; id != 0; id = next) {
            struct tare__site *site = tare__birth_site(id);
            next = tare__site_own(site)->next_in_place;
            put_in_place(fresh, id, site);
        }
    __atomic_store_n(&table, fresh, __ATOMIC_RELEASE);
    return true;
}

/* Room for the peaks of all scopes but the oldest. */
static bool have_notes(struct tare__site *site, uint32_t depth)
{
    struct tare__site_own *own = tare__site_own(site);
    if (depth <= own->notes_most + 1)
        return true;
    size_t bytes = (depth - 1) * sizeof *own->notes;
    if (bytes > notes_left) {
        size_t more = bytes > NOTES_BYTES ? bytes : NOTES_BYTES;
        char *fresh = tare__os_map(more);
        if (fresh == NULL)
            return false;
        notes_at = fresh;
        notes_left = more;
    }
    TARE__STORE(own->notes, (struct tare__peak_note *)(void *)notes_at);
    __atomic_store_n(&own->notes_most, depth - 1, __ATOMIC_RELEASE);
    notes_at += bytes;
    notes_left -= bytes;
    return true;
}

static uint32_t depth_of(uint32_t scopes)
{
    return scopes >= TARE__BIRTH_FIRST ? tare__birth_node(scopes)->depth : 1;
}

static bool give(uint32_t id, struct tare__site *site)
{
    struct tare__site_own *own = tare__site_own(site);
    uint32_t state = TARE__SITE_IDLE;
    if (id < first_own ||
        !__atomic_compare_exchange_n(&own->state, &state, TARE__SITE_GIVEN, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
        return false;
    __atomic_store_n(&site->scopes, 0, __ATOMIC_RELEASE);
    return true;
}

/* Takes all that lie idle out of the table. */
static TARE__COLD void sweep(void)
{
    for (uint32_t i = 0; i < 1u << table->bits; i++)
        for (uint32_t *link = &table->places[i]; *link != 0;) {
            uint32_t id = *link;
            struct tare__site *site = tare__birth_site(id);
            struct tare__site_own *own = tare__site_own(site);
            if (!give(id, site)) {
                link = &own->next_in_place;
                continue;
            }
            __atomic_store_n(link, own->next_in_place, __ATOMIC_RELEASE);
            TARE__STORE(own->next_in_place, free_sites);
            free_sites = id;
            hashed--;
        }
    __atomic_store_n(&idle, 0, __ATOMIC_RELAXED);
}

static struct tare__site *take_record(uint32_t *id)
{
    if (free_sites == 0 && TARE__LOAD(idle) > IDLE_FEW && TARE__LOAD(idle) > hashed / 2)
        sweep();
    if (free_sites == 0)
        return tare__piece_new(TARE__PIECE_SITES, id);
    *id = free_sites;
    struct tare__site *site = tare__birth_site(*id);
    free_sites = tare__site_own(site)->next_in_place;
    return site;
}

static uint32_t make(uint32_t stack, uint32_t scopes)
{
    uint32_t id;
    struct tare__site *site = have_places() ? take_record(&id) : NULL;
    if (site == NULL)
        return 0;
    bool is_new = tare__site_own(site)->state != TARE__SITE_GIVEN;
    TARE__STORE(site->stack, stack);
    __atomic_store_n(&tare__site_own(site)->state, TARE__SITE_IDLE, __ATOMIC_RELEASE);
    __atomic_store_n(&site->scopes, scopes, __ATOMIC_RELEASE);
    put_in_place(table, id, site);
    hashed++;
    __atomic_add_fetch(&idle, 1, __ATOMIC_RELAXED);
    if (is_new)
        tare__piece_publish(TARE__PIECE_SITES, id);
    return id;
}

static uint32_t find_or_make(uint32_t stack, uint32_t scopes)
{
    uint32_t id = find(stack, scopes);
    return id != 0 ? id : make(stack, scopes);
}

static bool take_up(uint32_t id, struct tare__site *site)
{
    struct tare__site_own *own = tare__site_own(site);
    uint32_t state = TARE__SITE_IDLE;
    if (!__atomic_compare_exchange_n(&own->state, &state, TARE__SITE_ACTIVE, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return state == TARE__SITE_ACTIVE;
    __atomic_sub_fetch(&idle, 1, __ATOMIC_RELAXED);
    if (site->scopes < TARE__BIRTH_FIRST)
        return true;
    uint32_t *first = &tare__birth_node(site->scopes)->first_site;
    own->next_of_scopes = TARE__LOAD(*first);
    while (!__atomic_compare_exchange_n(first, &own->next_of_scopes, id, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED)) {
    }
    return true;
}

/* Puts a site among those of its scopes, where it is not there yet. False where it has
 * become another's meanwhile, or there is no memory for its notes. A signal handler
 * that jumps out of this leaves a scope that is inexact, whose births nobody uses
 * again. */
static TARE__COLD bool activate(uint32_t id, uint32_t stack, uint32_t scopes)
{
    struct tare__site *site = tare__birth_site(id);
    if (depth_of(scopes) > __atomic_load_n(&tare__site_own(site)->notes_most, __ATOMIC_ACQUIRE) + 1) {
        uint64_t blocked = tare__pieces_begin();
        bool noted = have_notes(site, depth_of(scopes));
        tare__pieces_end(blocked);
        if (!noted)
            return false;
    }
    return take_up(id, site) && is_of(site, stack, scopes);
}

/* ---- Looking one up ------------------------------------------------------ */

static TARE__COLD uint32_t look_further(uint32_t stack, uint32_t scopes)
{
    uint32_t id = find(stack, scopes);
    if (id == 0 || !activate(id, stack, scopes)) {
        uint64_t blocked = tare__pieces_begin();
        id = find_or_make(stack, scopes);
        bool taken = id != 0 && have_notes(tare__birth_site(id), depth_of(scopes)) && take_up(id, tare__birth_site(id));
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
                site != NULL && is_of(site, stack, scopes) &&
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

/* The note for the scope at a place in the site's list, 0 for the newest. */
static struct tare__peak_note *note_at(struct tare__site *site, uint32_t index, bool oldest)
{
    if (oldest)
        return (struct tare__peak_note *)(void *)&site->peak_at;
    return TARE__LOAD(tare__site_own(site)->notes) + index;
}

_Static_assert(offsetof(struct tare__site, peak_bytes) - offsetof(struct tare__site, peak_at) ==
                   offsetof(struct tare__peak_note, peak_bytes),
               "a note lies in the site as by itself");

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
        struct tare__peak_note *note = note_at(site, index, birth < TARE__BIRTH_FIRST);
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
        const struct tare__peak_note *note =
            note_at((struct tare__site *)(uintptr_t)site, index, birth < TARE__BIRTH_FIRST);
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

/* ---- Their end ------------------------------------------------------------ */

/* What a set of scopes did is also what the scopes behind it did, which may go on. */
static void add_to_parent(struct tare__site *site, uint32_t parent)
{
    uint32_t id = find_or_make(site->stack, parent);
    struct tare__site *to = tare__birth_site(id);
    if (id == 0 || !have_notes(to, depth_of(parent)) || !take_up(id, to))
        return; /* the sums say so */
    tare__site_note_peaks(to);
    tare__site_note_peaks(site);
    uint32_t index = 0;
    for (uint32_t birth = parent; birth >= TARE__BIRTH_FIRST; index++) {
        birth = tare__birth_node(birth)->parent;
        bool oldest = birth < TARE__BIRTH_FIRST;
        const struct tare__peak_note *from = note_at(site, index + 1, oldest);
        struct tare__peak_note *note = note_at(to, index, oldest);
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

static void start_anew(struct tare__site *site)
{
    struct tare__site_own *own = tare__site_own(site);
    memset(&site->allocations, 0,
           offsetof(struct tare__site, owner_private) - offsetof(struct tare__site, allocations));
    if (own->notes_most != 0)
        memset(own->notes, 0, own->notes_most * sizeof *own->notes);
    __atomic_store_n(&own->state, TARE__SITE_IDLE, __ATOMIC_RELEASE);
    __atomic_add_fetch(&idle, 1, __ATOMIC_RELAXED);
}

static void scopes_ended(struct tare__birth_node *node)
{
    if (node->first_site == 0)
        return;
    tare__lock_acquire(&tare__pieces_lock); /* the thread has told its guard */
    for (uint32_t id = node->first_site; id != 0;) {
        struct tare__site *site = tare__birth_site(id);
        if (node->parent >= TARE__BIRTH_FIRST)
            add_to_parent(site, node->parent);
        id = tare__site_own(site)->next_of_scopes;
        start_anew(site);
    }
    tare__lock_release(&tare__pieces_lock);
    node->first_site = 0;
}

void tare__sites_leave_file(void)
{
    free_sites = 0;
    first_own = tare__birth_chunks_end();
}

void tare__sites_start(void)
{
    tare__birth_ended = scopes_ended;
}
