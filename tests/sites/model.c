/* SPDX-License-Identifier: MIT */
#include "model.h"

#include <string.h>

struct model_scope model_scopes[MODEL_SCOPES];

static uint32_t last_era;
static struct model_set sets[MODEL_THREADS];
static const void *last_made[MODEL_THREADS]; /* while its scopes stay the same */

/* ---- Scopes --------------------------------------------------------------- */

static struct model_scope *scope_of(uint32_t era)
{
    for (unsigned i = 0; i < MODEL_SCOPES; i++)
        if (model_scopes[i].handle != NULL && model_scopes[i].era == era)
            return &model_scopes[i];
    return NULL;
}

static bool has(const struct model_set *set, uint32_t era)
{
    for (unsigned i = 0; i < set->count; i++)
        if (set->eras[i] == era)
            return true;
    return false;
}

static void add_to(unsigned thread, uint32_t era)
{
    sets[thread].eras[sets[thread].count++] = era;
    last_made[thread] = NULL;
}

static void remove_from(unsigned thread, uint32_t era)
{
    struct model_set *set = &sets[thread];
    unsigned kept = 0;
    if (has(set, era))
        last_made[thread] = NULL;
    for (unsigned i = 0; i < set->count; i++)
        if (set->eras[i] != era)
            set->eras[kept++] = set->eras[i];
    set->count = kept;
}

static void begin_anew(struct model_scope *scope)
{
    scope->era = ++last_era;
    scope->net = 0;
    memset(&scope->stats, 0, sizeof scope->stats);
    memset(scope->of, 0, sizeof scope->of);
}

void model_opened(struct model_scope *scope, tare_scope *handle, tare_domain domain, bool sites)
{
    *scope = (struct model_scope){.handle = handle, .domain = domain, .sites = sites};
    begin_anew(scope);
    for (unsigned thread = 0; thread < MODEL_THREADS; thread++)
        if (domain == TARE_PROCESS || (thread == 0 && domain != TARE_TASK))
            add_to(thread, scope->era);
}

void model_reset(struct model_scope *scope)
{
    uint32_t before = scope->era;
    begin_anew(scope);
    for (unsigned thread = 0; thread < MODEL_THREADS; thread++)
        for (unsigned i = 0; i < sets[thread].count; i++)
            if (sets[thread].eras[i] == before) {
                sets[thread].eras[i] = scope->era;
                last_made[thread] = NULL;
            }
}

void model_closed(struct model_scope *scope)
{
    for (unsigned thread = 0; thread < MODEL_THREADS; thread++)
        remove_from(thread, scope->era);
    scope->handle = NULL;
}

void model_entered(struct model_scope *scope, unsigned thread)
{
    if (scope->entered[thread]++ == 0)
        add_to(thread, scope->era);
}

void model_left(struct model_scope *scope, unsigned thread)
{
    if (--scope->entered[thread] == 0)
        remove_from(thread, scope->era);
}

void model_forked(void)
{
    last_made[0] = NULL;
}

/* ---- Calls ----------------------------------------------------------------- */

static bool collects(const struct model_set *set)
{
    for (unsigned i = 0; i < set->count; i++)
        if (scope_of(set->eras[i])->sites)
            return true;
    return false;
}

static void note_peak(struct model_scope *scope)
{
    if (scope->net <= (int64_t)scope->stats.peak_bytes)
        return;
    scope->stats.peak_bytes = (uint64_t)scope->net;
    for (unsigned i = 0; i <= KNOWN_STACKS; i++) {
        scope->of[i].peak_blocks = scope->of[i].live_blocks;
        scope->of[i].peak_bytes = scope->of[i].live_bytes;
    }
}

/* What a call does to the scopes in which its block was born, whoever made it. */
static void change_live(const struct model_block *block, int64_t blocks, int64_t bytes)
{
    for (unsigned i = 0; i < block->born.count; i++) {
        struct model_scope *scope = scope_of(block->born.eras[i]);
        if (scope == NULL)
            continue;
        scope->of[block->stack].live_blocks += blocks;
        scope->of[block->stack].live_bytes += bytes;
        scope->stats.leaked_allocations += (uint64_t)blocks;
        scope->stats.leaked_bytes += (uint64_t)bytes;
    }
}

void model_made(unsigned thread, struct model_block *block)
{
    const struct model_set *set = &sets[thread];
    block->born = *set;
    if (!collects(set))
        block->stack = MODEL_NO_STACK;
    else
        last_made[thread] = block->address;
    change_live(block, 1, (int64_t)block->size);
    for (unsigned i = 0; i < set->count; i++) {
        struct model_scope *scope = scope_of(set->eras[i]);
        scope->stats.allocations++;
        scope->stats.bytes_allocated += block->size;
        scope->of[block->stack].allocations++;
        scope->of[block->stack].bytes_allocated += (int64_t)block->size;
        scope->net += (int64_t)block->size;
        note_peak(scope);
    }
}

static bool is_temporary(unsigned thread, const struct model_block *block)
{
    const struct model_set *set = &sets[thread];
    return last_made[thread] == block->address && block->stack != MODEL_NO_STACK && set->count == block->born.count &&
           memcmp(set->eras, block->born.eras, set->count * sizeof *set->eras) == 0;
}

void model_ended(unsigned thread, const struct model_block *block, bool by_free)
{
    const struct model_set *set = &sets[thread];
    bool temporary = by_free && is_temporary(thread, block);
    change_live(block, -1, -(int64_t)block->size);
    for (unsigned i = 0; i < set->count; i++) {
        struct model_scope *scope = scope_of(set->eras[i]);
        scope->stats.deallocations++;
        scope->stats.bytes_deallocated += block->size;
        scope->of[block->stack].temporary += temporary;
        scope->net -= (int64_t)block->size;
    }
    if (temporary)
        last_made[thread] = NULL;
}

void model_resized(unsigned thread, struct model_block *block, unsigned by, void *address, size_t size)
{
    const struct model_set *set = &sets[thread];
    int64_t growth = (int64_t)size - (int64_t)block->size;
    if (!collects(set))
        by = MODEL_NO_STACK;
    else
        last_made[thread] = NULL;
    block->address = address;
    block->size = size;
    change_live(block, 0, growth);
    for (unsigned i = 0; i < set->count; i++) {
        struct model_scope *scope = scope_of(set->eras[i]);
        scope->stats.reallocations++;
        scope->stats.bytes_reallocated += growth;
        scope->of[by].reallocations++;
        if (growth > 0) {
            scope->stats.bytes_allocated += (uint64_t)growth;
            scope->of[by].bytes_allocated += growth;
        } else {
            scope->stats.bytes_deallocated += (uint64_t)-growth;
        }
        scope->net += growth;
        note_peak(scope);
    }
}
