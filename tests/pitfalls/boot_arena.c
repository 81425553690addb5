/* SPDX-License-Identifier: MIT */
/* Pitfall 12: what serves while the real functions are looked up. This build of
 * it has 512 bytes before it must spill into memory from the system. */
#include "boot.h"

#include <stdlib.h>

#include "check.h"

enum { BLOCKS = 3000 };

static unsigned char *blocks[BLOCKS];

static size_t size_of(unsigned i)
{
    return i % 97 == 0 ? 5000 : i % 61;
}

static bool filled(const unsigned char *block, size_t size, unsigned char with)
{
    for (size_t i = 0; i < size; i++)
        if (block[i] != with)
            return false;
    return true;
}

/* No block overlaps another, however often it spills. */
static void many(void)
{
    for (unsigned i = 0; i < BLOCKS; i++) {
        size_t alignment = i % 5 == 0 ? (size_t)16 << i % 9 : 0;
        blocks[i] = tare__boot_allocate(alignment, size_of(i));
        CHECK(blocks[i] != NULL);
        CHECK_EQUAL((uintptr_t)blocks[i] % (alignment > 16 ? alignment : 16), 0);
        CHECK(filled(blocks[i], size_of(i), 0)); /* calloc needs that */
        memset(blocks[i], (unsigned char)(i + 1), size_of(i));
    }
    for (unsigned i = 0; i < BLOCKS; i++) {
        CHECK(filled(blocks[i], size_of(i), (unsigned char)(i + 1)));
        CHECK(tare__boot_owns(blocks[i]));
        CHECK_EQUAL(tare__boot_size(blocks[i]), size_of(i));
    }
}

static void resized(void)
{
    for (unsigned i = 0; i < BLOCKS; i += 50) {
        size_t size = size_of(i);
        unsigned char *larger = tare__boot_reallocate(blocks[i], size + 300);
        CHECK(larger != NULL && filled(larger, size, (unsigned char)(i + 1)));
        CHECK_EQUAL(tare__boot_size(larger), size + 300);
        unsigned char *smaller = tare__boot_reallocate(larger, size / 2);
        CHECK(smaller != NULL && filled(smaller, size / 2, (unsigned char)(i + 1)));
        CHECK(tare__boot_owns(larger) && tare__boot_owns(smaller));
    }
    CHECK(tare__boot_owns(tare__boot_reallocate(NULL, 10)));
}

static void larger_than_a_chunk(void)
{
    size_t size = (size_t)3 * 1024 * 1024;
    unsigned char *block = tare__boot_allocate(4096, size);
    CHECK(block != NULL && (uintptr_t)block % 4096 == 0);
    memset(block, 1, size);
    CHECK(tare__boot_owns(block) && tare__boot_owns(block + size - 1));
    CHECK(filled(blocks[1], size_of(1), 2));
}

static void refused(void)
{
    CHECK(tare__boot_allocate(0, SIZE_MAX) == NULL);
    CHECK(tare__boot_allocate(0, SIZE_MAX - 100) == NULL);
    CHECK(tare__boot_allocate(4096, SIZE_MAX / 2) == NULL);
    CHECK(tare__boot_allocate(0, 10) != NULL);
}

int main(void)
{
    int local = 0;
    CHECK(!tare__boot_owns(&local));
    CHECK(!tare__boot_owns(blocks));
    CHECK(!tare__boot_owns(NULL));
    many();
    resized();
    larger_than_a_chunk();
    refused();
    return 0;
}
