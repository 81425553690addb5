/* SPDX-License-Identifier: MIT */
#include "birth.h"

#include "blockmap.h"
#include "pool.h"

#define CHUNK_NODES (1u << TARE__BIRTH_CHUNK_BITS)

uintptr_t tare__birth_chunks[TARE__BIRTH_CHUNKS];
void (*tare__birth_ended)(struct tare__birth_node *node);
static uint32_t chunks_taken;
static uint32_t next_birth, chunk_end; /* of the chunk of nodes that is being filled */
static uint32_t free_births;
static struct tare__era *free_eras;

/* Nodes by era and parent: a scope that stays open has one for each scope that
 * came and went around it, so a search through all of them would take ever longer.
 * As many places as there are nodes, or more. */
#define HASH_BITS_FIRST 10
static uint32_t first_places[1u << HASH_BITS_FIRST];
static uint32_t *places = first_places;
static unsigned hash_bits = HASH_BITS_FIRST;
static uint32_t hashed;

struct tare__birth_node *tare__birth_node(uint32_t scopes)
{
    uintptr_t chunk = __atomic_load_n(&tare__birth_chunks[scopes >> TARE__BIRTH_CHUNK_BITS], __ATOMIC_ACQUIRE);
    return (struct tare__birth_node *)chunk + (scopes & (CHUNK_NODES - 1));
}

/* Nodes and sites are made under different locks. */
static bool take_chunk(uintptr_t contents, uint32_t *first)
{
    uint32_t chunk = __atomic_fetch_add(&chunks_taken, 1, __ATOMIC_RELAXED);
    if (chunk >= TARE__BIRTH_CHUNKS) {
        __atomic_fetch_sub(&chunks_taken, 1, __ATOMIC_RELAXED);
        return false;
    }
    *first = chunk << TARE__BIRTH_CHUNK_BITS;
    __atomic_store_n(&tare__birth_chunks[chunk], contents, __ATOMIC_RELEASE);
    return true;
}

uint32_t tare__birth_chunks_end(void)
{
    return __atomic_load_n(&chunks_taken, __ATOMIC_RELAXED) << TARE__BIRTH_CHUNK_BITS;
}

void tare__births_forget_sites(void)
{
    for (uint32_t chunk = 0; chunk < chunks_taken; chunk++) {
        struct tare__birth_node *nodes = (struct tare__birth_node *)tare__birth_chunks[chunk];
        bool are_nodes = nodes != NULL && (tare__birth_chunks[chunk] & 1) == 0;
        for (uint32_t i = 0; are_nodes && i < CHUNK_NODES; i++)
            nodes[i].first_site = 0;
    }
}

bool tare__birth_add_sites(void *piece, uint32_t *first)
{
    return take_chunk((uintptr_t)piece | 1, first);
}

static bool add_nodes(void)
{
    struct tare__birth_node *nodes = tare__pool_take(CHUNK_NODES * sizeof *nodes);
    if (nodes == NULL || !take_chunk((uintptr_t)nodes, &next_birth))
        return false;
    chunk_end = next_birth + CHUNK_NODES;
    if (next_birth < TARE__BIRTH_FIRST)
        next_birth = TARE__BIRTH_FIRST;
    return true;
}

static uint32_t take_birth(void)
{
    uint32_t birth = free_births;
    if (birth != 0) {
        free_births = tare__birth_node(birth)->next;
        return birth;
    }
    if (next_birth == chunk_end && !add_nodes())
        return TARE__BIRTH_NONE;
    return next_birth++;
}

struct tare__era *tare__era_new(bool recyclable)
{
    struct tare__era *era = free_eras;
    if (era != NULL)
        free_eras = era->next_free;
    else if ((era = tare__pool_take(sizeof *era)) == NULL)
        return NULL;
    era->elsewhere_blocks = era->elsewhere_bytes = 0;
    TARE__STORE(era->complete_at, INT64_MAX); /* who noted the last block but one of the era before may look only now */
    era->first_node = 0;
    era->recyclable = recyclable;
    era->is_over = false;
    era->peak_now = era->peak_before = NULL;
    era->nodes = era->pending = 0;
    return era;
}

static uint32_t *place_of(const struct tare__era *era, uint32_t parent)
{
    uint64_t hash =
        ((uintptr_t)era / sizeof *era + parent * UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xd6e8feb86659fd93);
    return &places[hash >> (64 - hash_bits)];
}

static void put_in_place(uint32_t birth)
{
    struct tare__birth_node *node = tare__birth_node(birth);
    uint32_t *place = place_of(node->era, node->parent);
    node->next_in_place = *place;
    *place = birth;
}

/* Twice as many places; without memory it stays as it is. */
static TARE__COLD void add_places(void)
{
    const uint32_t *old = places, count = 1u << hash_bits;
    uint32_t *fresh = tare__pool_take(2 * count * sizeof *fresh);
    if (fresh == NULL)
        return;
    places = fresh;
    hash_bits++;
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t birth = old[i], next; birth != 0; birth = next) {
            next = tare__birth_node(birth)->next_in_place;
            put_in_place(birth);
        }
}

uint32_t tare__birth_of(struct tare__era *era, uint32_t parent)
{
    for (uint32_t birth = *place_of(era, parent); birth != 0; birth = tare__birth_node(birth)->next_in_place)
        if (tare__birth_node(birth)->era == era && tare__birth_node(birth)->parent == parent)
            return birth;
    uint32_t birth = take_birth();
    if (birth == TARE__BIRTH_NONE)
        return birth;
    uint32_t depth = 1;
    if (parent >= TARE__BIRTH_FIRST) {
        depth += tare__birth_node(parent)->depth;
        tare__birth_node(parent)->children++;
    }
    *tare__birth_node(birth) =
        (struct tare__birth_node){.era = era, .parent = parent, .next = era->first_node, .depth = depth};
    era->first_node = birth;
    era->nodes++;
    put_in_place(birth);
    if (++hashed > 1u << hash_bits)
        add_places();
    return birth;
}

static void take_from_place(uint32_t birth)
{
    const struct tare__birth_node *node = tare__birth_node(birth);
    uint32_t *link = place_of(node->era, node->parent);
    while (*link != birth)
        link = &tare__birth_node(*link)->next_in_place;
    *link = node->next_in_place;
    hashed--;
}

bool tare__born_in(uint32_t birth, const struct tare__era *era)
{
    birth = tare__birth_scopes(birth);
    while (birth >= TARE__BIRTH_FIRST) {
        const struct tare__birth_node *node = tare__birth_node(birth);
        if (node->era == era)
            return true;
        birth = node->parent;
    }
    return false;
}

/* The closing scope sets complete_at and then looks at elsewhere_blocks; whoever
 * frees adds to elsewhere_blocks and then looks at complete_at. In the one order
 * that both see, the later of the two finds them equal. */
bool tare__era_elsewhere(struct tare__era *era, int64_t blocks, int64_t bytes)
{
    __atomic_add_fetch(&era->elsewhere_bytes, bytes, __ATOMIC_SEQ_CST);
    if (blocks == 0)
        return false;
    int64_t now = __atomic_add_fetch(&era->elsewhere_blocks, blocks, __ATOMIC_SEQ_CST);
    return now == __atomic_load_n(&era->complete_at, __ATOMIC_SEQ_CST);
}

static bool is_complete(const struct tare__era *era)
{
    return era->recyclable && era->complete_at == __atomic_load_n(&era->elsewhere_blocks, __ATOMIC_SEQ_CST);
}

static void give_era(struct tare__era *era)
{
    era->recyclable = era->is_over = false;
    era->next_free = free_eras;
    free_eras = era;
}

/* Takes a node out of use that nothing stands on, and those behind it that have
 * waited for that. */
static void give_births(uint32_t birth)
{
    while (birth >= TARE__BIRTH_FIRST) {
        struct tare__birth_node *node = tare__birth_node(birth);
        if (node->children != 0 || !node->era->is_over)
            return;
        if (tare__birth_ended != NULL)
            tare__birth_ended(node);
        take_from_place(birth);
        if (--node->era->nodes == 0)
            give_era(node->era);
        uint32_t parent = node->parent;
        node->next = free_births;
        free_births = birth;
        if (parent >= TARE__BIRTH_FIRST)
            tare__birth_node(parent)->children--;
        birth = parent;
    }
}

/* Does nothing unless the era is complete: then the other of the two was first, and it
 * may be in use again. */
void tare__era_recycle(struct tare__era *era)
{
    if (era->is_over || !is_complete(era))
        return;
    era->is_over = true;
    if (era->nodes == 0)
        give_era(era);
    for (uint32_t birth = era->nodes != 0 ? era->first_node : 0, next; birth != 0; birth = next) {
        next = tare__birth_node(birth)->next;
        give_births(birth);
    }
}

void tare__era_close(struct tare__era *era, int64_t complete_at)
{
    __atomic_store_n(&era->complete_at, era->recyclable ? complete_at : INT64_MAX, __ATOMIC_SEQ_CST);
    tare__era_recycle(era);
}
