/* SPDX-License-Identifier: MIT */
/*
 * The block map by itself. No address here is real: the map looks at none.
 * Every check is made twice, for allocators whose blocks lie 32 bytes apart
 * (wide) and for those whose tiny ones lie 16 bytes apart.
 */
#include "blockmap.h"

#include "check.h"
#include "real.h"

struct tare__real tare__real; /* the map asks it for `wide` only */

static const uintptr_t base = (uintptr_t)0x123 << TARE__MAP_LEAF_BITS; /* where a leaf begins */
#define LEAF_BYTES ((uintptr_t)1 << TARE__MAP_LEAF_BITS)

static const void *at(uintptr_t address)
{
    return (const void *)address;
}

static void check_is(struct tare__block found, uint64_t size, uint32_t birth)
{
    CHECK(found.known);
    CHECK_EQUAL(found.size, size);
    CHECK_EQUAL(found.birth, birth);
}

static void check_none(const void *block)
{
    struct tare__block found = tare__map_look(block);
    CHECK(!found.known);
    CHECK_EQUAL(found.size, 0);
    CHECK_EQUAL(found.birth, TARE__BIRTH_NONE);
    CHECK(!tare__map_take(block).known);
}

static void check_put(const void *block, uint64_t size, uint32_t birth)
{
    CHECK(tare__map_put(block, size, birth));
    check_is(tare__map_look(block), size, birth);
    check_is(tare__map_look(block), size, birth); /* looking forgets nothing */
    check_is(tare__map_take(block), size, birth);
    check_none(block);
}

static const uint64_t sizes[] = {0,
                                 1,
                                 15,
                                 16,
                                 17,
                                 32,
                                 33,
                                 4096,
                                 ((uint64_t)1 << 31) - 3,
                                 ((uint64_t)1 << 31) - 2,
                                 ((uint64_t)1 << 31) - 1,
                                 (uint64_t)1 << 31,
                                 ((uint64_t)1 << 32) - 1,
                                 (uint64_t)1 << 32,
                                 ((uint64_t)1 << 32) + 1,
                                 (uint64_t)1 << 40};
enum { SIZES = sizeof sizes / sizeof *sizes };

static void check_sizes(void)
{
    static const uint32_t births[] = {TARE__BIRTH_NONE,         TARE__BIRTH_NESTED,   TARE__BIRTH_FIRST,
                                      TARE__BIRTH_MAX_TINY - 1, TARE__BIRTH_MAX_TINY, TARE__BIRTH_MAX_TINY + 1,
                                      TARE__BIRTH_MAX - 1,      TARE__BIRTH_MAX};
    for (int s = 0; s < SIZES; s++)
        for (size_t b = 0; b < sizeof births / sizeof *births; b++) {
            const void *block = at(base + 64 * (uintptr_t)s);
            if (tare__real.wide || sizes[s] > 16 || births[b] <= TARE__BIRTH_MAX_TINY) {
                check_put(block, sizes[s], births[b]);
            } else {
                CHECK(!tare__map_put(block, sizes[s], births[b])); /* no room in one slot: said, not forgotten */
                check_none(block);
            }
        }
}

/* A block put over another, as when a free was missed: the last one counts. */
static void check_overwriting(void)
{
    for (int a = 0; a < SIZES; a++)
        for (int b = 0; b < SIZES; b++) {
            CHECK(tare__map_put(at(base), sizes[a], 5));
            CHECK(tare__map_put(at(base), sizes[b], 6));
            check_is(tare__map_take(at(base)), sizes[b], 6);
            check_none(at(base));
        }
}

static void check_unknown(void)
{
    check_none(NULL);
    check_none(at(16));
    check_none(at(base + 5 * LEAF_BYTES)); /* a leaf never touched */
    CHECK(tare__map_slot(at(base + 5 * LEAF_BYTES)) == NULL);
    check_none(at(base + 1024));
}

/* The last block of a leaf reaches behind its end and into no other leaf. */
static void check_leaf_end(void)
{
    const void *last = at(base + LEAF_BYTES - 16), *next = at(base + LEAF_BYTES), *near = at(base + LEAF_BYTES - 48);
    for (int s = 0; s < SIZES; s++) {
        CHECK(tare__map_put(next, 77, 7));
        CHECK(tare__map_put(near, 20, 9));
        CHECK(tare__map_put(last, sizes[s], 8));
        check_is(tare__map_look(next), 77, 7);
        check_is(tare__map_look(near), 20, 9);
        check_is(tare__map_take(last), sizes[s], 8);
        check_none(last);
        check_is(tare__map_take(next), 77, 7);
        check_is(tare__map_take(near), 20, 9);
    }
}

/* Blocks as close as an allocator may put them don't touch each other. */
static void check_neighbours(void)
{
    enum { BLOCKS = 64 };
    uintptr_t apart = tare__real.wide ? 32 : 16;
    for (uintptr_t i = 0; i < BLOCKS; i++)
        CHECK(tare__map_put(at(base + i * apart), i % 17, TARE__BIRTH_FIRST + (uint32_t)i));
    for (uintptr_t i = 0; i < BLOCKS; i++)
        check_is(tare__map_look(at(base + i * apart)), i % 17, TARE__BIRTH_FIRST + (uint32_t)i);
    for (uintptr_t i = 0; i < BLOCKS; i += 2)
        check_is(tare__map_take(at(base + i * apart)), i % 17, TARE__BIRTH_FIRST + (uint32_t)i);
    for (uintptr_t i = 1; i < BLOCKS; i += 2)
        check_is(tare__map_take(at(base + i * apart)), i % 17, TARE__BIRTH_FIRST + (uint32_t)i);

    /* A tiny block right behind one that fills its bytes. */
    for (uint64_t size = 17; size <= 64; size++) {
        const void *behind = at(base + (tare__real.wide && size <= 32 ? 32 : (size + 15) / 16 * 16));
        CHECK(tare__map_put(at(base), size, 10));
        CHECK(tare__map_put(behind, 3, 11));
        check_is(tare__map_take(at(base)), size, 10);
        check_is(tare__map_take(behind), 3, 11);
    }
}

static void check_addresses(void)
{
    const uintptr_t end = (uintptr_t)1 << TARE__ADDRESS_BITS;
    check_put(at(end - 16), 100, 5);
    check_put(at(end - 16), 1, 5);
    check_put(at(16), 100, 5);
    static const int bits[] = {0, 1, 5, 63 - TARE__ADDRESS_BITS};
    for (size_t i = 0; i < sizeof bits / sizeof *bits; i++) {
        uintptr_t high = end << bits[i];
        CHECK(tare__map_put(at(base), 40, 9));
        CHECK(!tare__map_put(at(high), 100, 5));
        CHECK(!tare__map_put(at(high + base), 100, 5));
        check_none(at(high));
        check_none(at(high + base)); /* and not what lies below it by the same lower bits */
        check_is(tare__map_take(at(base)), 40, 9);
    }
}

/* The short way writes what the general one reads. */
static void check_short_way(void)
{
    for (int s = 0; s < SIZES; s++) {
        const void *block = at(base + 17 * LEAF_BYTES + (uintptr_t)s * LEAF_BYTES); /* fresh leaves too */
        CHECK(tare__map_put_wide(block, sizes[s], 9));
        check_is(tare__map_take(block), sizes[s], 9);
        CHECK(tare__map_put_wide(block, sizes[s], 10));
        check_is(tare__map_take(block), sizes[s], 10);
        check_none(block);
    }
}

static uint64_t next_random(uint64_t *state) /* xorshift64 */
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* A million random steps beside an array that remembers the same. The blocks'
 * places straddle the end of a leaf. */
static void check_against_model(void)
{
    enum { PLACES = 1 << 14, STEPS = 1000000 };
    static struct tare__block model[PLACES];
    const uintptr_t start = base + LEAF_BYTES - PLACES / 2 * 64 + 16;
    uint64_t state = 88172645463325252;
    memset(model, 0, sizeof model);
    for (int step = 0; step < STEPS; step++) {
        uint64_t random = next_random(&state);
        size_t place = random % PLACES;
        const void *block = at(start + place * 64);
        struct tare__block *known = &model[place];
        if (known->known) {
            struct tare__block found = random >> 40 & 1 ? tare__map_take(block) : tare__map_look(block);
            check_is(found, known->size, known->birth);
            known->known = (random >> 40 & 1) == 0;
        } else {
            check_none(block);
            uint64_t size = random >> 20 & 1 ? sizes[(random >> 21) % SIZES] : random >> 30 & 0xffff;
            *known = (struct tare__block){size, (uint32_t)(random >> 32) & TARE__BIRTH_MAX_TINY, true};
            CHECK(tare__map_put(block, size, known->birth));
        }
    }
    for (size_t place = 0; place < PLACES; place++)
        if (model[place].known)
            check_is(tare__map_take(at(start + place * 64)), model[place].size, model[place].birth);
}

int main(void)
{
    for (int wide = 0; wide <= 1; wide++) {
        tare__real.wide = wide;
        check_unknown();
        check_sizes();
        check_overwriting();
        check_leaf_end();
        check_neighbours();
        check_addresses();
        check_against_model();
    }
    check_short_way();
    return 0;
}
