/* SPDX-License-Identifier: MIT */
/* Scopes by handle. A handle is no address but an index and a generation, so
 * that one of a closed scope is never taken for another's. */
#include <stddef.h>
#include <string.h>

#include "pool.h"
#include "scope_parts.h"

/* Handles: generation above, index + 1 below. Never dereferenced. */
#define INDEX_BITS 24
#define SCOPES_MAX ((1u << INDEX_BITS) - 1)
#define CHUNK_BITS 6
#define CHUNK_SCOPES (1u << CHUNK_BITS)

static struct tare__scope *chunks[(SCOPES_MAX >> CHUNK_BITS) + 1];
static uint32_t scope_count;
static struct tare__scope *free_scopes;

tare_scope *tare__scope_handle(const struct tare__scope *scope)
{
    return (tare_scope *)(uintptr_t)(scope->generation << INDEX_BITS | (scope->index + 1));
}

struct tare__scope *tare__scope_of(tare_scope *handle)
{
    uint64_t bits = (uintptr_t)handle;
    uint32_t index = (uint32_t)(bits & SCOPES_MAX) - 1;
    if (index >= scope_count)
        return NULL;
    struct tare__scope *scope = &chunks[index >> CHUNK_BITS][index & (CHUNK_SCOPES - 1)];
    return scope->generation == bits >> INDEX_BITS && scope->state != TARE__SCOPE_FREE ? scope : NULL;
}

struct tare__scope *tare__scope_new(void)
{
    struct tare__scope *scope = free_scopes;
    if (scope != NULL) {
        free_scopes = scope->next_free;
    } else {
        if (scope_count == SCOPES_MAX)
            return NULL;
        struct tare__scope **chunk = &chunks[scope_count >> CHUNK_BITS];
        if (*chunk == NULL && (*chunk = tare__pool_take(CHUNK_SCOPES * sizeof **chunk)) == NULL)
            return NULL;
        scope = &(*chunk)[scope_count & (CHUNK_SCOPES - 1)];
        scope->index = scope_count++;
    }
    memset(&scope->state, 0, sizeof *scope - offsetof(struct tare__scope, state));
    TARE__STORE(scope->peak, 0);
    scope->generation++;
    scope->state = TARE__SCOPE_OPEN;
    return scope;
}

void tare__scope_give(struct tare__scope *scope)
{
    scope->state = TARE__SCOPE_FREE;
    scope->next_free = free_scopes;
    free_scopes = scope;
}
