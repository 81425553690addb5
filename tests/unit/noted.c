/* SPDX-License-Identifier: MIT */
/* The table of pieces by itself, against a plain array: pieces close together,
 * owners that share addresses, stretches, growth, and no memory. */
#include "noted.h"

#include <stdlib.h>
#include <sys/resource.h>

#include "check.h"

enum { OWNERS = 3, ADDRESSES = 20000, STEPS = CHECK_ROUNDS(2000000) };

static struct tare__block model[OWNERS][ADDRESSES];
static char owners[OWNERS], memory[ADDRESSES];
static uint64_t state = 88172645463325252u;

static uint64_t next_random(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static void check_same(struct tare__block actual, struct tare__block expected)
{
    CHECK_EQUAL(actual.known, expected.known);
    if (expected.known) {
        CHECK_EQUAL(actual.size, expected.size);
        CHECK_EQUAL(actual.birth, expected.birth);
    }
}

static void end_stretch(unsigned owner, size_t from, size_t bytes, bool whole)
{
    struct tare__ended ended[TARE__ENDED_BIRTHS];
    uint64_t pieces = 0, size = 0, expected_pieces = 0, expected_size = 0;
    struct tare__stretch stretch = whole ? tare__noted_stretch(&owners[owner], NULL, SIZE_MAX)
                                         : tare__noted_stretch(&owners[owner], memory + from, bytes);
    CHECK(!whole || stretch.by_shard);
    for (unsigned births; (births = tare__noted_take_some(&stretch, ended)) != 0;)
        for (unsigned i = 0; i < births; i++) {
            CHECK(ended[i].pieces != 0);
            pieces += ended[i].pieces;
            size += ended[i].bytes;
        }
    if (whole)
        from = 0, bytes = ADDRESSES;
    for (size_t at = from; at < from + bytes && at < ADDRESSES; at++)
        if (model[owner][at].known) {
            model[owner][at].known = false;
            expected_pieces++;
            expected_size += model[owner][at].size;
        }
    CHECK_EQUAL(pieces, expected_pieces);
    CHECK_EQUAL(size, expected_size);
}

static void step(void)
{
    uint64_t random = next_random();
    unsigned owner = (unsigned)(random % OWNERS);
    size_t at = (random >> 8) % ADDRESSES;
    struct tare__block *of_model = &model[owner][at], older;
    unsigned what = random >> 40 & 1023;
    if (what == 0) {
        end_stretch(owner, at, (random >> 50) % 3000, false);
    } else if (what == 1 && (random >> 50) % 64 == 0) {
        end_stretch(owner, 0, 0, true);
    } else if (what < 500) {
        struct tare__block fresh = {random >> 44, (uint32_t)(random >> 60), true};
        CHECK(tare__noted_put(&owners[owner], memory + at, fresh.size, fresh.birth, &older));
        check_same(older, *of_model);
        *of_model = fresh;
    } else if (what < 900) {
        check_same(tare__noted_take(&owners[owner], memory + at), *of_model);
        of_model->known = false;
    } else {
        check_same(tare__noted_look(&owners[owner], memory + at), *of_model);
    }
}

/* Many pieces side by side, and what stays when there is no memory for more. */
static void no_memory(void)
{
    struct rlimit none = {0, RLIM_INFINITY};
    struct tare__block older;
    uintptr_t at = 1 << 20, lost = 0;
    CHECK(getrlimit(RLIMIT_AS, &none) == 0);
    for (; at < (1 << 20) + 100000; at++)
        CHECK(tare__noted_put(&owners[0], (void *)at, at, 5, &older) && !older.known);
    none.rlim_cur = 0;
    CHECK(setrlimit(RLIMIT_AS, &none) == 0);
    uintptr_t first = at;
    for (; at < first + 1000000; at++)
        lost += !tare__noted_put(&owners[0], (void *)at, at, 5, &older);
    CHECK(lost > 1000 && lost < 1000000);
    uintptr_t found = 0;
    for (uintptr_t i = 1 << 20; i < at; i++) {
        struct tare__block block = tare__noted_take(&owners[0], (void *)i);
        CHECK(!block.known || block.size == i);
        found += block.known;
    }
    CHECK_EQUAL(found + lost, at - (1 << 20));
    CHECK(!tare__noted_take(&owners[0], (void *)first).known);
}

int main(void)
{
    CHECK(!tare__noted_take(&owners[0], memory).known);
    end_stretch(0, 0, ADDRESSES, false);
    for (int i = 0; i < STEPS; i++)
        step();
    for (unsigned owner = 0; owner < OWNERS; owner++)
        for (size_t at = 0; at < ADDRESSES; at++)
            check_same(tare__noted_look(&owners[owner], memory + at), model[owner][at]);
    for (unsigned owner = 0; owner < OWNERS; owner++)
        end_stretch(owner, 0, 0, true);
    if (!CHECK_SANITIZED) /* which needs memory itself */
        no_memory();
    return 0;
}
