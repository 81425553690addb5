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

uint32_t tare__birth_of(struct tare__era *era, uint32_t parent)
{
    for (uint32_t birth = era->first_node; birth != 0; birth = node_at(birth)->next)
        if (node_at(birth)->parent == parent)
            return birth;
    uint32_t birth = take_birth();
    if (birth != TARE__BIRTH_NONE) {
        *node_at(birth) = (struct tare__birth_node){era, parent, era->first_node};
        era->first_node = birth;
    }
    return birth;
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
