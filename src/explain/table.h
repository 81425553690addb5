/* SPDX-License-Identifier: MIT */
/*
 * What is kept once: numbers by hash. Hashes start from a secret, since keys come
 * out of files that may be made so that all of them meet.
 */
#ifndef TARE__TABLE_H
#define TARE__TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tare__table {
    struct tare__table_entry {
        uint64_t hash;
        uintptr_t value; /* 0 where there is none */
    } * entries;
    size_t capacity; /* a power of two, or 0 */
    size_t count;
    uint64_t secret;
};

uint64_t tare__table_hash(const struct tare__table *table, const void *key, size_t bytes);

/* The value with this hash that is the same as the key. 0 where there is none:
 * then tare__table_add() it. */
uintptr_t tare__table_find(const struct tare__table *table, uint64_t hash,
                           bool (*same)(uintptr_t value, const void *key, const void *context), const void *key,
                           const void *context);

/* Makes room for one more, and the secret; call it before the hash is taken.
 * False where there is no memory. */
bool tare__table_reserve(struct tare__table *table);
void tare__table_add(struct tare__table *table, uint64_t hash, uintptr_t value); /* after reserve */
void tare__table_free(struct tare__table *table);

#endif
