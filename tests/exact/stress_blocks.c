/* SPDX-License-Identifier: MIT */
/* The stress's blocks: made, resized, freed, handed over to other threads. Each
 * names the accounts of the scopes that it was born in. */
#include <stdlib.h>

#include "stress.h"

static _Atomic(struct block *) table[TABLE];

void in_add(struct worker *worker, struct account *account)
{
    CHECK(worker->in_count < BIRTHS_MAX);
    account_use(account);
    worker->in[worker->in_count++] = account;
}

void in_remove(struct worker *worker, struct account *account)
{
    for (int i = worker->in_count - 1; i >= 0; i--)
        if (worker->in[i] == account) {
            for (worker->in_count--; i < worker->in_count; i++)
                worker->in[i] = worker->in[i + 1];
            account_leave(account);
            return;
        }
    CHECK(false); /* an account that is not there */
}

static void before(struct account *const *accounts, int count, const struct call *call)
{
    for (int i = 0; i < count; i++)
        account_before(accounts[i], call);
}

static void after(struct account *const *accounts, int count, const struct call *call)
{
    for (int i = 0; i < count; i++)
        account_after(accounts[i], call);
}

static struct block *make(struct worker *worker, size_t size)
{
    size += sizeof(struct block) + (size_t)worker->in_count * sizeof(struct account *);
    const struct call call = {
        .figures = {[ALLOCATIONS] = 1, [BYTES_ALLOCATED] = (int64_t)size, [LEAKED] = 1, [LEAKED_BYTES] = (int64_t)size},
        .net = (int64_t)size};
    before(worker->in, worker->in_count, &call);
    struct block *block = malloc(size);
    CHECK(block != NULL);
    block->size = size;
    block->births = (uint32_t)worker->in_count;
    for (int i = 0; i < worker->in_count; i++) {
        block->born_in[i] = worker->in[i];
        account_use(worker->in[i]);
    }
    after(worker->in, worker->in_count, &call);
    return block;
}

static struct block *resize(struct worker *worker, struct block *block, size_t size)
{
    size += sizeof(struct block) + block->births * sizeof(struct account *);
    struct account *born_in[BIRTHS_MAX];
    int births = (int)block->births;
    memcpy(born_in, block->born_in, (size_t)births * sizeof *born_in);
    int64_t growth = (int64_t)size - (int64_t)block->size;
    const struct call call = {.figures = {[REALLOCATIONS] = 1,
                                          [BYTES_ALLOCATED] = growth > 0 ? growth : 0,
                                          [BYTES_DEALLOCATED] = growth < 0 ? -growth : 0,
                                          [BYTES_REALLOCATED] = growth},
                              .net = growth};
    const struct call leak = {.figures = {[LEAKED_BYTES] = growth}};
    before(worker->in, worker->in_count, &call);
    before(born_in, births, &leak);
    block = realloc(block, size);
    CHECK(block != NULL);
    block->size = size;
    after(born_in, births, &leak);
    after(worker->in, worker->in_count, &call);
    return block;
}

static void end(struct worker *worker, struct block *block)
{
    struct account *born_in[BIRTHS_MAX];
    int births = (int)block->births;
    int64_t size = (int64_t)block->size;
    memcpy(born_in, block->born_in, (size_t)births * sizeof *born_in);
    const struct call call = {.figures = {[DEALLOCATIONS] = 1, [BYTES_DEALLOCATED] = size}, .net = -size};
    const struct call leak = {.figures = {[LEAKED] = -1, [LEAKED_BYTES] = -size}};
    before(worker->in, worker->in_count, &call);
    before(born_in, births, &leak);
    free(block);
    after(born_in, births, &leak);
    after(worker->in, worker->in_count, &call);
    for (int i = 0; i < births; i++)
        account_leave(born_in[i]);
}

static void fail(const struct worker *worker)
{
    const struct call call = {.figures = {[FAILED] = 1}};
    volatile size_t much = SIZE_MAX / 4;
    before(worker->in, worker->in_count, &call);
    CHECK(malloc(much) == NULL);
    after(worker->in, worker->in_count, &call);
}

void blocks_step(struct worker *worker)
{
    struct block **block = &worker->blocks[any_of(worker, BLOCKS)];
    unsigned what = any_of(worker, 64);
    atomic_fetch_add(&totals.calls, 1);
    if (what == 0) {
        fail(worker);
    } else if (*block == NULL) {
        *block = make(worker, any_of(worker, what == 1 ? 300000 : 600));
    } else if (what < 16) {
        *block = resize(worker, *block, any_of(worker, 900));
    } else if (what < 36) {
        *block = atomic_exchange(&table[any_of(worker, TABLE)], *block);
    } else {
        end(worker, *block);
        *block = NULL;
    }
}

void blocks_end(struct worker *worker)
{
    for (int i = 0; i < BLOCKS; i++)
        if (worker->blocks[i] != NULL) {
            end(worker, worker->blocks[i]);
            worker->blocks[i] = NULL;
        }
}

void table_end(struct worker *worker)
{
    for (int i = 0; i < TABLE; i++) {
        struct block *block = atomic_exchange(&table[i], NULL);
        if (block != NULL)
            end(worker, block);
    }
}
