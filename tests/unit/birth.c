/* SPDX-License-Identifier: MIT */
/* Births by themselves: chains of eras, membership, and that an era is used
 * again only when the last block born in it is gone. */
#include "birth.h"

#include "blockmap.h"
#include "check.h"

static void check_chains(void)
{
    struct tare__era *outer = tare__era_new(true), *inner = tare__era_new(true), *other = tare__era_new(true);
    CHECK(outer != NULL && inner != NULL && other != NULL && outer != inner && inner != other);
    uint32_t in_outer = tare__birth_of(outer, TARE__BIRTH_NONE);
    uint32_t in_both = tare__birth_of(inner, in_outer);
    uint32_t in_inner = tare__birth_of(inner, TARE__BIRTH_NONE);
    CHECK(in_outer >= TARE__BIRTH_FIRST && in_both >= TARE__BIRTH_FIRST && in_inner >= TARE__BIRTH_FIRST);
    CHECK(in_outer != in_both && in_both != in_inner);

    CHECK_EQUAL(tare__birth_of(outer, TARE__BIRTH_NONE), in_outer); /* the same list is the same birth */
    CHECK_EQUAL(tare__birth_of(inner, in_outer), in_both);
    CHECK(tare__birth_node(in_both)->era == inner);
    CHECK_EQUAL(tare__birth_node(in_both)->parent, in_outer);
    CHECK_EQUAL(tare__birth_node(in_outer)->parent, TARE__BIRTH_NONE);

    CHECK(tare__born_in(in_outer, outer) && !tare__born_in(in_outer, inner));
    CHECK(tare__born_in(in_both, outer) && tare__born_in(in_both, inner) && !tare__born_in(in_both, other));
    CHECK(!tare__born_in(in_inner, outer) && tare__born_in(in_inner, inner));
    for (uint32_t special = TARE__BIRTH_NONE; special < TARE__BIRTH_FIRST; special++)
        CHECK(!tare__born_in(special, outer));
    tare__era_close(inner, 0);
    tare__era_close(outer, 0);
    tare__era_close(other, 0);
}

/* 10,000 eras open at once, in one chain: beyond a chunk of nodes. */
static void check_long_chain(void)
{
    enum { DEPTH = 10000 };
    static struct tare__era *eras[DEPTH];
    uint32_t birth = TARE__BIRTH_NONE;
    for (int i = 0; i < DEPTH; i++) {
        eras[i] = tare__era_new(true);
        CHECK(eras[i] != NULL);
        uint32_t next = tare__birth_of(eras[i], birth);
        CHECK(next >= TARE__BIRTH_FIRST && next != birth);
        birth = next;
    }
    CHECK(tare__born_in(birth, eras[0]) && tare__born_in(birth, eras[DEPTH / 2]) &&
          tare__born_in(birth, eras[DEPTH - 1]));
    for (int i = DEPTH - 1; i >= 0; i--)
        tare__era_close(eras[i], 0);
}

static uint32_t highest(int rounds)
{
    uint32_t most = 0;
    for (int i = 0; i < rounds; i++) {
        struct tare__era *outer = tare__era_new(true), *inner = tare__era_new(true);
        uint32_t birth = tare__birth_of(inner, tare__birth_of(outer, TARE__BIRTH_NONE));
        most = birth > most ? birth : most;
        tare__era_close(inner, 0);
        tare__era_close(outer, 0);
    }
    return most;
}

/* Scopes that come and go use the same few births for ever. */
static void check_recycling(void)
{
    uint32_t most = highest(10);
    uint32_t later = highest(100000);
    CHECK(later <= most + 2);
}

/* Closed with `alive` blocks: kept until that many have ended elsewhere. */
static void check_elsewhere(bool before_closing)
{
    struct tare__era *era = tare__era_new(true);
    uint32_t birth = tare__birth_of(era, TARE__BIRTH_NONE);
    enum { ALIVE = 3 };
    int ended = 0;
    if (before_closing) {
        CHECK(!tare__era_elsewhere(era, 1, -100)); /* open: never complete */
        ended = 1;
    }
    tare__era_close(era, ALIVE);
    CHECK(tare__birth_node(birth)->era == era && tare__born_in(birth, era));
    struct tare__era *other = tare__era_new(true);
    CHECK(other != era);                     /* still in use */
    CHECK(!tare__era_elsewhere(era, 0, 50)); /* resized, not ended */
    for (; ended < ALIVE; ended++) {
        CHECK(era->recyclable);
        CHECK_EQUAL(tare__era_elsewhere(era, 1, -100), ended == ALIVE - 1);
    }
    CHECK_EQUAL(era->elsewhere_bytes, -250);
    CHECK_EQUAL(era->elsewhere_blocks, ALIVE);
    tare__era_recycle(era);
    struct tare__era *again = tare__era_new(true);
    CHECK(again == era); /* given back, and used first */
    CHECK_EQUAL(again->elsewhere_blocks, 0);
    CHECK_EQUAL(again->elsewhere_bytes, 0);
    CHECK_EQUAL(again->first_node, 0);
    CHECK_EQUAL(tare__birth_of(again, TARE__BIRTH_NONE), birth);
    tare__era_recycle(again); /* open: does nothing */
    CHECK(tare__born_in(birth, again));
    tare__era_close(again, 0);
    tare__era_recycle(again); /* twice: does nothing */
    CHECK(tare__era_new(true) == again);
    CHECK(tare__era_new(true) != again);
}

/* All freed elsewhere before it closed: given back at once. */
static void check_complete_at_closing(void)
{
    struct tare__era *era = tare__era_new(true);
    tare__birth_of(era, TARE__BIRTH_NONE);
    CHECK(!tare__era_elsewhere(era, 1, -10));
    CHECK(!tare__era_elsewhere(era, 1, -10));
    tare__era_close(era, 2);
    CHECK(tare__era_new(true) == era);
}

/* A scope over several threads: a call on its way may still use its era. */
static void check_never_recycled(void)
{
    struct tare__era *era = tare__era_new(false);
    uint32_t birth = tare__birth_of(era, TARE__BIRTH_NONE);
    tare__era_close(era, 0);
    CHECK(tare__era_new(true) != era);
    CHECK(tare__born_in(birth, era));
}

int main(void)
{
    check_chains();
    check_long_chain();
    check_recycling();
    check_elsewhere(false);
    check_elsewhere(true);
    check_complete_at_closing();
    check_never_recycled();
    return 0;
}
