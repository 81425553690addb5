/* SPDX-License-Identifier: MIT */
/* What a scope has counted, by subtraction. */
#include "capture_store.h"
#include "modules.h"
#include "scope_parts.h"

/* A thread that has not seen the reset of a scope yet makes no block of its new
 * era: whatever it has counted since is foreign to that. */
struct tare__foreign tare__foreign_since_reset(const struct tare__attachment *attachment,
                                               const struct tare__counted *now)
{
    const struct tare__counters *base = &attachment->base;
    if (attachment->era != attachment->scope->era)
        return (struct tare__foreign){
            .blocks = (int64_t)(now->counters.deallocations - base->deallocations -
                                (now->counters.allocations - base->allocations)),
            .bytes = tare__net_of(&now->counters) - tare__net_of(base),
        };
    return (struct tare__foreign){now->foreign.blocks - attachment->foreign_base.blocks,
                                  now->foreign.bytes - attachment->foreign_base.bytes};
}

uint32_t tare__add_attachment(struct tare__counted *sum, struct tare__attachment *attachment)
{
    struct tare__counted *now = &attachment->taken;
    bool settled = tare__counters_copy(attachment->thread->counters, attachment->foreign, now);
#define ADD(name) sum->counters.name += now->counters.name - attachment->base.name;
    TARE__COUNTERS(ADD)
#undef ADD
    struct tare__foreign foreign = tare__foreign_since_reset(attachment, now);
    sum->foreign.blocks += foreign.blocks;
    sum->foreign.bytes += foreign.bytes;
    return settled ? 0 : TARE_INEXACT_UNSETTLED;
}

int64_t tare__figures(const struct tare__scope *scope, tare_stats *stats)
{
    struct tare__counted all = scope->departed;
    uint32_t inexact = TARE__LOAD(tare__store->inexact) | tare__modules_inexact() | scope->inexact;
    int64_t peak = scope->peak - scope->net_base;
    for (struct tare__attachment *at = scope->attachments; at != NULL; at = at->next_of_scope) {
        inexact |= tare__add_attachment(&all, at);
        if (scope->domain == TARE_THREAD)
            peak = at->peak - tare__net_of(&at->base);
    }
    const struct tare__foreign elsewhere = {
        .blocks = __atomic_load_n(&scope->era->elsewhere_blocks, __ATOMIC_SEQ_CST),
        .bytes = __atomic_load_n(&scope->era->elsewhere_bytes, __ATOMIC_SEQ_CST),
    };
    *stats = tare__statistics_from(&all.counters, all.foreign, elsewhere, peak, inexact);
    return tare__born_and_kept(&all.counters, all.foreign);
}
