/* SPDX-License-Identifier: MIT */
/* Chunks that are never moved; a string lies behind the place for its meaning. */
#include "string_pool.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

enum { CHUNK_BYTES = 65536 };

struct chunk {
    struct chunk *next;
    char bytes[];
};

struct string {
    const char *meaning;
    char text[];
};

struct tare__strings {
    struct tare__table table;
    struct chunk *chunks; /* the one that has room first */
    size_t used, size;    /* of that */
};

struct tare__strings *tare__strings_new(void)
{
    return calloc(1, sizeof(struct tare__strings));
}

void tare__strings_free(struct tare__strings *strings)
{
    if (strings == NULL)
        return;
    while (strings->chunks != NULL) {
        struct chunk *chunk = strings->chunks;
        strings->chunks = chunk->next;
        free(chunk);
    }
    tare__table_free(&strings->table);
    free(strings);
}

static void *allocate(struct tare__strings *strings, size_t bytes)
{
    bytes = (bytes + _Alignof(struct string) - 1) & ~(_Alignof(struct string) - 1);
    if (strings->chunks == NULL || strings->size - strings->used < bytes) {
        size_t size = bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES;
        struct chunk *chunk = malloc(sizeof *chunk + size);
        if (chunk == NULL)
            return NULL;
        chunk->next = strings->chunks;
        strings->chunks = chunk;
        strings->size = size;
        strings->used = 0;
    }
    void *allocated = strings->chunks->bytes + strings->used;
    strings->used += bytes;
    return allocated;
}

static bool is_same_text(uintptr_t value, const void *key, const void *context)
{
    (void)context;
    return strcmp(((const struct string *)value)->text, key) == 0;
}

const char *tare__strings_add(struct tare__strings *strings, const char *text)
{
    if (!tare__table_reserve(&strings->table))
        return NULL;
    size_t length = strlen(text);
    uint64_t hash = tare__table_hash(&strings->table, text, length);
    const struct string *found =
        (const struct string *)tare__table_find(&strings->table, hash, is_same_text, text, NULL);
    if (found != NULL)
        return found->text;
    struct string *string = allocate(strings, sizeof *string + length + 1);
    if (string == NULL)
        return NULL;
    string->meaning = NULL;
    memcpy(string->text, text, length + 1);
    tare__table_add(&strings->table, hash, (uintptr_t)string);
    return string->text;
}

const char **tare__strings_meaning(const char *string)
{
    return &((struct string *)(uintptr_t)(string - offsetof(struct string, text)))->meaning;
}
