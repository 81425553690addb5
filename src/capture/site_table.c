/* SPDX-License-Identifier: MIT */
/* A hash table of chains, by numbers in the sites themselves. */
#include "site_table.h"

#include <string.h>

#include "blockmap.h"
#include "os.h"

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

uint32_t tare__site_find(uint32_t stack, uint32_t scopes)
{
    struct table *in = __atomic_load_n(&table, __ATOMIC_ACQUIRE);
    uint32_t id = in != NULL ? __atomic_load_n(place_of(in, stack, scopes), __ATOMIC_ACQUIRE) : 0;
    for (int looks = 0; id != 0 && looks < LOOKS_MAX; looks++) {
        if (tare__site_is_of(tare__birth_site(id), stack, scopes))
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
bool tare__site_have_notes(struct tare__site *site, uint32_t depth)
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

uint32_t tare__site_depth(uint32_t scopes)
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

uint32_t tare__site_find_or_make(uint32_t stack, uint32_t scopes)
{
    uint32_t id = tare__site_find(stack, scopes);
    return id != 0 ? id : make(stack, scopes);
}

static void list_among_scopes(uint32_t id, struct tare__site *site)
{
    struct tare__site_own *own = tare__site_own(site);
    uint32_t *first = &tare__birth_node(site->scopes)->first_site, next = TARE__LOAD(*first);
    do
        TARE__STORE(own->next_of_scopes, next); /* a fork may be copying it */
    while (!__atomic_compare_exchange_n(first, &next, id, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED));
}

bool tare__site_take_up(uint32_t id, struct tare__site *site)
{
    struct tare__site_own *own = tare__site_own(site);
    uint32_t state = TARE__SITE_IDLE;
    if (!__atomic_compare_exchange_n(&own->state, &state, TARE__SITE_ACTIVE, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return state == TARE__SITE_ACTIVE;
    __atomic_sub_fetch(&idle, 1, __ATOMIC_RELAXED);
    if (site->scopes >= TARE__BIRTH_FIRST)
        list_among_scopes(id, site);
    return true;
}

void tare__site_start_anew(struct tare__site *site)
{
    struct tare__site_own *own = tare__site_own(site);
    memset(&site->allocations, 0,
           offsetof(struct tare__site, owner_private) - offsetof(struct tare__site, allocations));
    if (own->notes_most != 0)
        memset(own->notes, 0, own->notes_most * sizeof *own->notes);
    __atomic_store_n(&own->state, TARE__SITE_IDLE, __ATOMIC_RELEASE);
    __atomic_add_fetch(&idle, 1, __ATOMIC_RELAXED);
}

/* ---- After a fork ----------------------------------------------------------- */

bool tare__site_is_inherited(uint32_t id)
{
    return id < first_own;
}

static void take_from_place(uint32_t id, const struct tare__site *site)
{
    uint32_t *link = place_of(table, site->stack, site->scopes);
    while (*link != id)
        link = &tare__site_own(tare__birth_site(*link))->next_in_place;
    __atomic_store_n(link, tare__site_own(site)->next_in_place, __ATOMIC_RELEASE);
}

void tare__site_move(uint32_t id, struct tare__site *site, uint32_t scopes)
{
    struct tare__site_own *own = tare__site_own(site);
    uint32_t depth = tare__site_depth(scopes);
    take_from_place(id, site);
    __atomic_store_n(&site->scopes, 0, __ATOMIC_RELEASE);
    if (depth > 1)
        memmove(own->notes, own->notes + 1, (depth - 1) * sizeof *own->notes);
    __atomic_store_n(&site->scopes, scopes, __ATOMIC_RELEASE);
    put_in_place(table, id, site);
    list_among_scopes(id, site);
}

/* What lies idle would be found again by a set of scopes that has an old one's number. */
static void drop_idle(void)
{
    for (uint32_t i = 0; table != NULL && i < 1u << table->bits; i++)
        for (uint32_t *link = &table->places[i]; *link != 0;) {
            const struct tare__site_own *own = tare__site_own(tare__birth_site(*link));
            if (own->state != TARE__SITE_IDLE) {
                link = &tare__site_own(tare__birth_site(*link))->next_in_place;
                continue;
            }
            *link = own->next_in_place;
            hashed--;
        }
}

static void forget_notes(uint32_t id, struct tare__site *site, void *unused)
{
    (void)id, (void)unused;
    struct tare__site_own *own = tare__site_own(site);
    uint32_t depth = own->notes_most + 1;
    own->notes_most = 0;
    if (!tare__site_have_notes(site, depth))
        site->scopes = 0; /* its blocks are of no scope then */
}

void tare__sites_leave_file(bool whole)
{
    if (whole) {
        drop_idle();
    } else {
        table = NULL;
        hashed = 0;
        tare__births_forget_sites();
        tare__site_each(forget_notes, NULL);
    }
    idle = free_sites = 0;
    first_own = tare__birth_chunks_end();
}
