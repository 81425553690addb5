/* SPDX-License-Identifier: MIT */
#include "birth.h"

#include "blockmap.h"
#include "pool.h"

#define CHUNK_BITS 12
#define CHUNK_NODES (1u << CHUNK_BITS)
#define CHUNKS ((TARE__BIRTH_MAX >> CHUNK_BITS) + 1)

static struct tare__birth_node *chunks[CHUNKS];
static uint32_t next_birth = TARE__BIRTH_FIRST;
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

static struct tare__birth_node *node_at(uint32_t birth)
{
    return &__atomic_load_n(&chunks[birth >> CHUNK_BITS], __ATOMIC_ACQUIRE)[birth & (CHUNK_NODES - 1)];
}

const struct tare__birth_node *tare__birth_node(uint32_t birth)
{
    return node_at(birth);
}

static uint32_t take_birth(void)
{
    uint32_t birth = free_births;
    if (birth != 0) {
        free_births = node_at(birth)->next;
        return birth;
    }
    if (next_birth > TARE__BIRTH_MAX)
        return TARE__BIRTH_NONE;
    struct tare__birth_node **chunk = &chunks[next_birth >> CHUNK_BITS];
    if (*chunk == NULL) {
        struct tare__birth_node *fresh = tare__pool_take(CHUNK_NODES * sizeof **chunk);
        if (fresh == NULL)
            return TARE__BIRTH_NONE;
        __atomic_store_n(chunk, fresh, __ATOMIC_RELEASE);
    }
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
    struct tare__birth_node *node = node_at(birth);
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
            next = node_at(birth)->next_in_place;
            put_in_place(birth);
        }
}

uint32_t tare__birth_of(struct tare__era *era, uint32_t parent)
{
    for (uint32_t birth = *place_of(era, parent); birth != 0; birth = node_at(birth)->next_in_place)
        if (node_at(birth)->era == era && node_at(birth)->parent == parent)
            return birth;
    uint32_t birth = take_birth();
    if (birth == TARE__BIRTH_NONE)
        return birth;
    *node_at(birth) = (struct tare__birth_node){.era = era, .parent = parent, .next = era->first_node};
    era->first_node = birth;
    put_in_place(birth);
    if (++hashed > 1u << hash_bits)
        add_places();
    return birth;
}

static void take_from_place(uint32_t birth)
{
    const struct tare__birth_node *node = node_at(birth);
    uint32_t *link = place_of(node->era, node->parent);
    while (*link != birth)
        link = &node_at(*link)->next_in_place;
    *link = node->next_in_place;
    hashed--;
}

bool tare__born_in(uint32_t birth, const struct tare__era *era)
{
    while (birth >= TARE__BIRTH_FIRST) {
        const struct tare__birth_node *node = node_at(birth);
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

/* Does nothing unless the era is complete. */
void tare__era_recycle(struct tare__era *era)
{
    if (!era->recyclable || era->complete_at != __atomic_load_n(&era->elsewhere_blocks, __ATOMIC_SEQ_CST))
        return; /* the other of the two was first, and it may be in use again */
    era->recyclable = false;
    while (era->first_node != 0) {
        uint32_t birth = era->first_node;
        era->first_node = node_at(birth)->next;
        take_from_place(birth);
        node_at(birth)->next = free_births;
        free_births = birth;
    }
    era->next_free = free_eras;
    free_eras = era;
}

void tare__era_close(struct tare__era *era, int64_t complete_at)
{
    __atomic_store_n(&era->complete_at, era->recyclable ? complete_at : INT64_MAX, __ATOMIC_SEQ_CST);
    tare__era_recycle(era);
}
