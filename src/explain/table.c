/* SPDX-License-Identifier: MIT */
/* Open addressing, at most three quarters full. */
#include "table.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

uint64_t tare__table_hash(const struct tare__table *table, const void *key, size_t bytes)
{
    const char *at = key;
    uint64_t hash = mix(table->secret, bytes);
    for (; bytes > 0; at += sizeof hash) {
        uint64_t word = 0;
        size_t part = bytes < sizeof word ? bytes : sizeof word;
        memcpy(&word, at, part);
        hash = mix(hash, word);
        bytes -= part;
    }
    return mix(hash, table->secret);
}

uintptr_t tare__table_find(const struct tare__table *table, uint64_t hash,
                           bool (*same)(uintptr_t value, const void *key, const void *context), const void *key,
                           const void *context)
{
    for (size_t at = hash & (table->capacity - 1);; at = (at + 1) & (table->capacity - 1)) {
        const struct tare__table_entry *entry = &table->entries[at];
        if (entry->value == 0 || (entry->hash == hash && same(entry->value, key, context)))
            return entry->value;
    }
}

static void put(struct tare__table *table, struct tare__table_entry new)
{
    size_t at = new.hash &(table->capacity - 1);
    while (table->entries[at].value != 0)
        at = (at + 1) & (table->capacity - 1);
    table->entries[at] = new;
}

static uint64_t make_secret(void)
{
    uint64_t secret;
    if (getrandom(&secret, sizeof secret, GRND_NONBLOCK) == sizeof secret)
        return secret;
    struct timespec now; /* old kernels, or early at boot */
    clock_gettime(CLOCK_MONOTONIC, &now);
    return mix((uint64_t)now.tv_nsec, (uintptr_t)&now);
}

bool tare__table_reserve(struct tare__table *table)
{
    enum { FIRST = 64 };
    if (table->count < table->capacity / 4 * 3)
        return true;
    struct tare__table larger = {.capacity = table->capacity == 0 ? FIRST : 2 * table->capacity,
                                 .count = table->count,
                                 .secret = table->capacity == 0 ? make_secret() : table->secret};
    larger.entries = calloc(larger.capacity, sizeof *larger.entries);
    if (larger.entries == NULL)
        return false;
    for (size_t i = 0; i < table->capacity; i++)
        if (table->entries[i].value != 0)
            put(&larger, table->entries[i]);
    free(table->entries);
    *table = larger;
    return true;
}

void tare__table_add(struct tare__table *table, uint64_t hash, uintptr_t value)
{
    put(table, (struct tare__table_entry){hash, value});
    table->count++;
}

void tare__table_free(struct tare__table *table)
{
    free(table->entries);
    *table = (struct tare__table){0};
}
