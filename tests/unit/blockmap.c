/* SPDX-License-Identifier: MIT */
/*
 * The block map by itself. No address here is real: the map looks at none.
 * Every check is made twice, for allocators whose blocks lie 32 bytes apart
 * (wide) and for those whose tiny ones lie 16 bytes apart.
 */
#include "blockmap.h"

#include <sys/wait.h>

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
    for (uintptr_t behind = 0; behind < 128; behind += 16)
        check_none(at((uintptr_t)block + behind)); /* nothing stays that a later block could be taken for */
}

/* The largest block that may cover one granule alone: in glibc's heap one of 40
 * bytes makes a chunk of 48, which may begin in the middle of a granule. */
static uint64_t tiny_bytes(void)
{
    return tare__real.wide ? 40 : 16;
}

static const uint64_t sizes[] = {0,
                                 1,
                                 15,
                                 16,
                                 17,
                                 31,
                                 32,
                                 33,
                                 40,
                                 41,
                                 4093,
                                 4094,
                                 4095,
                                 4096,
                                 ((uint64_t)1 << 31) - 3,
                                 ((uint64_t)1 << 31) - 2,
                                 ((uint64_t)1 << 31) - 1,
                                 (uint64_t)1 << 31,
                                 ((uint64_t)1 << 32) - 2,
                                 ((uint64_t)1 << 32) - 1,
                                 (uint64_t)1 << 32,
                                 ((uint64_t)1 << 32) + 1,
                                 (uint64_t)1 << 40};
enum { SIZES = sizeof sizes / sizeof *sizes };

/* Births around every power of two. A tiny block may have no room for a late
 * one; that is said by false, and nothing is known then. */
#define EARLY_BIRTHS 0xffffffu

static void check_size(const void *block, uint64_t size, uint32_t birth)
{
    if (birth > EARLY_BIRTHS && size <= tiny_bytes() && !tare__map_put(block, size, birth))
        check_none(block);
    else
        check_put(block, size, birth);
}

static void check_sizes(void)
{
    for (int s = 0; s < SIZES; s++) {
        const void *block = at(base + 64 * (uintptr_t)s);
        for (uint32_t power = 1; power < TARE__BIRTH_MAX && power != 0; power <<= 1)
            for (uint32_t birth = power - 1; birth <= power + 1; birth++)
                check_size(block, sizes[s], birth);
        check_size(block, sizes[s], TARE__BIRTH_MAX - 1);
        check_size(block, sizes[s], TARE__BIRTH_MAX);
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
    check_none(at(base + 1024));
}

/* The last block of a leaf reaches behind its end and into no other leaf. */
static void check_leaf_end(void)
{
    uintptr_t granule = tare__real.wide ? 32 : 16;
    const void *last = at(base + LEAF_BYTES - granule), *next = at(base + LEAF_BYTES);
    const void *near = at(base + LEAF_BYTES - 3 * granule);
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

    /* A tiny block right behind one, wherever in a granule that one begins. */
    for (uintptr_t start = base; start < base + 32; start += 16)
        for (uint64_t size = 0; size <= 100; size++) {
            uint64_t chunk = (size + 8 + 15) / 16 * 16; /* glibc's; others put it there */
            if (!tare__real.wide)
                chunk = size <= 16 ? 16 : (size + 15) / 16 * 16;
            else if (chunk < 32)
                chunk = 32;
            uint32_t birth = size > tiny_bytes() ? TARE__BIRTH_MAX : EARLY_BIRTHS;
            CHECK(tare__map_put(at(start), size, birth));
            CHECK(tare__map_put(at(start + chunk), 3, EARLY_BIRTHS - 1));
            check_is(tare__map_take(at(start)), size, birth);
            check_is(tare__map_look(at(start + chunk)), 3, EARLY_BIRTHS - 1);
            CHECK(tare__map_put(at(start), size, birth));
            check_is(tare__map_take(at(start + chunk)), 3, EARLY_BIRTHS - 1);
            check_is(tare__map_take(at(start)), size, birth);
        }
}

static void check_addresses(void)
{
    const uintptr_t end = (uintptr_t)1 << TARE__ADDRESS_BITS;
    check_put(at(end - 32), 100, 5);
    check_put(at(end - 32), 1, 5);
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
    const uintptr_t start = base + LEAF_BYTES - PLACES / 2 * 128 + 16;
    uint64_t state = 88172645463325252;
    memset(model, 0, sizeof model);
    for (int step = 0; step < STEPS; step++) {
        uint64_t random = next_random(&state);
        size_t place = random % PLACES;
        const void *block = at(start + place * 128);
        struct tare__block *known = &model[place];
        if (known->known) {
            struct tare__block found = random >> 40 & 1 ? tare__map_take(block) : tare__map_look(block);
            check_is(found, known->size, known->birth);
            known->known = (random >> 40 & 1) == 0;
        } else {
            check_none(block);
            uint64_t size = random >> 20 & 1 ? sizes[(random >> 21) % SIZES] : random >> 30 & 0xffff;
            *known = (struct tare__block){size, (uint32_t)(random >> 32) & EARLY_BIRTHS, true};
            CHECK(tare__map_put(block, size, known->birth));
        }
    }
    for (size_t place = 0; place < PLACES; place++)
        if (model[place].known)
            check_is(tare__map_take(at(start + place * 128)), model[place].size, model[place].birth);
}

static void check_all(bool wide)
{
    tare__real.wide = wide;
    check_unknown();
    check_sizes();
    check_overwriting();
    check_leaf_end();
    check_neighbours();
    check_addresses();
    check_against_model();
    if (wide)
        check_short_way();
}

/* A map is of one kind from its first block on: each has a process of its own. */
int main(void)
{
    int status = 0;
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        check_all(false);
        _exit(0);
    }
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK_EQUAL(status, 0);
    check_all(true);
    return 0;
}
