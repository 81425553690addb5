/* SPDX-License-Identifier: MIT */
#include "noted.h"

#include "lock.h"

#define SHARD_BITS 6
#define SHARDS (1u << SHARD_BITS)
#define PAGE_BITS 12
#define LINE_BITS 6
#define LINE_HOMES 8u /* the pieces of a line spread over so many, by their address */
#define FIRST_BITS 7  /* log2 of a shard's first table: a page of 128 pieces */

struct piece {
    uintptr_t address; /* 0 in an empty place */
    const void *owner;
    uint64_t size;
    uint32_t birth;
    uint32_t reserved;
};

struct shard {
    tare__lock lock;
    uint32_t bits; /* log2 of the number of places */
    struct piece *pieces;
    size_t used;
} __attribute__((aligned(64)));

static struct shard shards[SHARDS];

static uint64_t mix(uint64_t number, const void *owner)
{
    uint64_t mixed = (number + (uintptr_t)owner * 0xc2b2ae3d27d4eb4fu) * 0x9e3779b97f4a7c15u;
    mixed ^= mixed >> 32;
    return mixed * 0xbf58476d1ce4e5b9u;
}

static struct shard *shard_of(const void *owner, uintptr_t address)
{
    return &shards[mix(address >> PAGE_BITS, owner) >> (64 - SHARD_BITS)];
}

static size_t mask_of(const struct shard *shard)
{
    return ((size_t)1 << shard->bits) - 1;
}

static size_t home_of_line(const struct shard *shard, const void *owner, uintptr_t address)
{
    return mix(address >> LINE_BITS, owner) >> (64 - shard->bits);
}

static size_t home_of(const struct shard *shard, const void *owner, uintptr_t address)
{
    size_t in_line = address % (1u << LINE_BITS) / ((1u << LINE_BITS) / LINE_HOMES);
    return (home_of_line(shard, owner, address) + in_line) & mask_of(shard);
}

/* ---- Inside a shard, under its lock -------------------------------------- */

/* Its place, or the empty one where it would go; NULL in a shard without a table. */
static struct piece *find(const struct shard *shard, const void *owner, uintptr_t address)
{
    if (shard->pieces == NULL)
        return NULL;
    size_t mask = mask_of(shard);
    for (size_t at = home_of(shard, owner, address);; at = (at + 1) & mask) {
        struct piece *piece = &shard->pieces[at];
        if (piece->address == 0 || (piece->address == address && piece->owner == owner))
            return piece;
    }
}

/* The table first, and only then how large it is: a raw fork may come between. */
static bool grow(struct shard *shard)
{
    struct shard grown = {.bits = shard->pieces != NULL ? shard->bits + 1 : FIRST_BITS};
    struct piece *old = shard->pieces;
    size_t old_places = old != NULL ? mask_of(shard) + 1 : 0;
    grown.pieces = tare__os_map(sizeof *old << grown.bits);
    if (grown.pieces == NULL)
        return false;
    for (size_t i = 0; i < old_places; i++)
        if (old[i].address != 0)
            *find(&grown, old[i].owner, old[i].address) = old[i];
    __atomic_store_n(&shard->pieces, grown.pieces, __ATOMIC_RELEASE);
    __atomic_store_n(&shard->bits, grown.bits, __ATOMIC_RELEASE);
    if (old != NULL)
        tare__os_unmap(old, old_places * sizeof *old);
    return true;
}

/* A table that can't grow is filled up, but for the place that ends a search. */
static bool make_room(struct shard *shard)
{
    size_t places = shard->pieces != NULL ? mask_of(shard) + 1 : 0;
    return shard->used < places / 4 * 3 || grow(shard) || (places != 0 && shard->used + 1 < places);
}

/* Whatever the gap would cut off from its home moves up. */
static void erase(struct shard *shard, struct piece *piece)
{
    struct piece *pieces = shard->pieces;
    size_t mask = mask_of(shard);
    size_t gap = (size_t)(piece - pieces);
    for (size_t at = (gap + 1) & mask; pieces[at].address != 0; at = (at + 1) & mask) {
        size_t home = home_of(shard, pieces[at].owner, pieces[at].address);
        if (((at - home) & mask) < ((at - gap) & mask))
            continue;
        pieces[gap] = pieces[at];
        gap = at;
    }
    pieces[gap].address = 0;
    shard->used--;
}

static struct tare__block block_of(const struct piece *piece)
{
    if (piece == NULL || piece->address == 0)
        return (struct tare__block){0, TARE__BIRTH_NONE, false};
    return (struct tare__block){piece->size, piece->birth, true};
}

/* ---- One piece ----------------------------------------------------------- */

static bool put(struct shard *shard, struct piece fresh, struct tare__block *older)
{
    struct piece *piece = find(shard, fresh.owner, fresh.address);
    *older = block_of(piece);
    if (!older->known) {
        if (!make_room(shard))
            return false;
        piece = find(shard, fresh.owner, fresh.address);
        shard->used++;
    }
    *piece = fresh;
    return true;
}

bool tare__noted_put(const void *owner, const void *piece, size_t size, uint32_t birth, struct tare__block *older)
{
    struct shard *shard = shard_of(owner, (uintptr_t)piece);
    tare__lock_acquire(&shard->lock);
    bool done = put(shard, (struct piece){(uintptr_t)piece, owner, size, birth, 0}, older);
    tare__lock_release(&shard->lock);
    return done;
}

static struct tare__block look(const void *owner, const void *block, bool forget)
{
    struct shard *shard = shard_of(owner, (uintptr_t)block);
    tare__lock_acquire(&shard->lock);
    struct piece *piece = find(shard, owner, (uintptr_t)block);
    struct tare__block found = block_of(piece);
    if (found.known && forget)
        erase(shard, piece);
    tare__lock_release(&shard->lock);
    return found;
}

struct tare__block tare__noted_look(const void *owner, const void *piece)
{
    return look(owner, piece, false);
}

struct tare__block tare__noted_take(const void *owner, const void *piece)
{
    return look(owner, piece, true);
}

/* ---- A stretch of memory ------------------------------------------------- */

struct tare__stretch tare__noted_stretch(const void *owner, const void *start, size_t bytes)
{
    struct tare__stretch stretch = {.owner = owner, .start = (uintptr_t)start, .end = (uintptr_t)start + bytes};
    if (stretch.end < stretch.start)
        stretch.end = UINTPTR_MAX;
    stretch.page = stretch.start >> PAGE_BITS << PAGE_BITS;
    size_t places = 0;
    for (unsigned i = 0; i < SHARDS; i++)
        if (__atomic_load_n(&shards[i].pieces, __ATOMIC_RELAXED) != NULL)
            places += (size_t)1 << __atomic_load_n(&shards[i].bits, __ATOMIC_RELAXED);
    stretch.by_shard = stretch.end == UINTPTR_MAX || bytes >> LINE_BITS > places;
    return stretch;
}

static bool is_in(const struct tare__stretch *stretch, const struct piece *piece)
{
    return piece->address != 0 && piece->address >= stretch->start && piece->address < stretch->end &&
           piece->owner == stretch->owner;
}

/* False where there is no room for another birth. */
static bool add_up(const struct piece *piece, struct tare__ended *ended, unsigned *births)
{
    unsigned i = 0;
    while (i < *births && ended[i].birth != piece->birth)
        i++;
    if (i == TARE__ENDED_BIRTHS)
        return false;
    if (i == *births)
        ended[(*births)++] = (struct tare__ended){0, 0, piece->birth};
    ended[i].pieces++;
    ended[i].bytes += piece->size;
    return true;
}

/* Takes the piece at a place, and those that move up to it, if they are of the
 * stretch. False where there is no room for another birth. */
static bool take_at(struct shard *shard, const struct tare__stretch *stretch, struct piece *piece,
                    struct tare__ended *ended, unsigned *births)
{
    while (is_in(stretch, piece)) {
        if (!add_up(piece, ended, births))
            return false;
        if (TARE__UNLIKELY(stretch->tell != NULL) && piece->birth != TARE__BIRTH_NESTED)
            stretch->tell(stretch->hot, (const void *)piece->address, piece->size);
        erase(shard, piece);
    }
    return true;
}

/* Pieces of a line are between its first home and the first empty place behind
 * its last. */
static bool take_line(struct shard *shard, const struct tare__stretch *stretch, uintptr_t line,
                      struct tare__ended *ended, unsigned *births)
{
    size_t mask = mask_of(shard);
    size_t first = home_of_line(shard, stretch->owner, line);
    for (size_t i = 0;; i++) {
        struct piece *piece = &shard->pieces[(first + i) & mask];
        if (!take_at(shard, stretch, piece, ended, births))
            return false;
        if (piece->address == 0 && i + 1 >= LINE_HOMES)
            return true;
    }
}

static bool take_page(const struct tare__stretch *stretch, struct tare__ended *ended, unsigned *births)
{
    struct shard *shard = shard_of(stretch->owner, stretch->page);
    bool all = true;
    tare__lock_acquire(&shard->lock);
    const uintptr_t lines = (uintptr_t)1 << (PAGE_BITS - LINE_BITS);
    for (uintptr_t i = 0; shard->pieces != NULL && all && i < lines; i++)
        all = take_line(shard, stretch, stretch->page + (i << LINE_BITS), ended, births);
    tare__lock_release(&shard->lock);
    return all;
}

static bool take_shard(struct shard *shard, const struct tare__stretch *stretch, struct tare__ended *ended,
                       unsigned *births)
{
    bool all = true;
    tare__lock_acquire(&shard->lock);
    size_t places = shard->pieces != NULL ? mask_of(shard) + 1 : 0;
    for (size_t i = 0; all && i < places; i++)
        all = take_at(shard, stretch, &shard->pieces[i], ended, births);
    tare__lock_release(&shard->lock);
    return all;
}

unsigned tare__noted_take_some(struct tare__stretch *stretch, struct tare__ended ended[TARE__ENDED_BIRTHS])
{
    unsigned births = 0;
    if (stretch->by_shard) {
        while (stretch->shard < SHARDS && take_shard(&shards[stretch->shard], stretch, ended, &births))
            stretch->shard++;
        return births;
    }
    while (stretch->page < stretch->end && take_page(stretch, ended, &births))
        stretch->page += (uintptr_t)1 << PAGE_BITS;
    return births;
}

/* ---- Forks --------------------------------------------------------------- */

void tare__noted_fork_prepare(void)
{
    for (unsigned i = 0; i < SHARDS; i++)
        tare__lock_acquire(&shards[i].lock);
}

void tare__noted_fork_parent(void)
{
    for (unsigned i = 0; i < SHARDS; i++)
        tare__lock_release(&shards[i].lock);
}

void tare__noted_fork_child(void)
{
    for (unsigned i = 0; i < SHARDS; i++)
        shards[i].lock.word = 0;
}
