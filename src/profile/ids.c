/* SPDX-License-Identifier: MIT */
#include "ids.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "grow.h"

static bool same_id(uintptr_t value, const void *key, const void *context)
{
    return ((const struct tare__ids *)context)->all[value - 1] == *(const uint64_t *)key;
}

uint32_t tare__ids_find(const struct tare__ids *ids, uint64_t id)
{
    if (ids->count == 0)
        return TARE__NONE;
    uint64_t hash = tare__table_hash(&ids->table, &id, sizeof id);
    return (uint32_t)(tare__table_find(&ids->table, hash, same_id, &id, ids) - 1);
}

int tare__ids_add(const struct tare__profile_input *input, struct tare__ids *ids, uint64_t id)
{
    if (id == 0)
        return tare__profile_refuse(input, "%s %zu has no id", ids->what, ids->count + 1);
    if (tare__ids_find(ids, id) != TARE__NONE)
        return tare__profile_refuse(input, "%s %zu has the id %" PRIu64 ", as one before", ids->what, ids->count + 1,
                                    id);
    uint64_t *all = tare__grow(ids->all, ids->count, sizeof *all);
    if (all == NULL || !tare__table_reserve(&ids->table)) {
        ids->all = all != NULL ? all : ids->all;
        return ENOMEM;
    }
    ids->all = all;
    all[ids->count++] = id;
    tare__table_add(&ids->table, tare__table_hash(&ids->table, &id, sizeof id), ids->count);
    return 0;
}

void tare__ids_free(struct tare__ids *ids)
{
    tare__table_free(&ids->table);
    free(ids->all);
}
