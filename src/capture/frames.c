/* SPDX-License-Identifier: MIT */
/*
 * The table: open addressing, an entry is the low half of the hash and the id. One
 * is written when its record is whole, and never changed. When it gets full a larger
 * one takes its place; the old one stays mapped, since others may be reading there:
 * as much memory again, at the most. Whoever does not find a frame looks again under
 * the lock.
 *
 * In a record, owner_private[0] is 1 while the frame's object may be closed, so that
 * the id is good only where the same object is still there.
 */
#include "frames.h"

#include <stddef.h>

#include "compiler.h"
#include "lock.h"
#include "os.h"

enum { BITS_FIRST = 12, BITS_MAX = 30 };

struct tare__frame_table *tare__frame_table;
static tare__lock adding;
uint32_t tare__frames_epoch;

static bool is_there(struct tare__frame *frame, uintptr_t address, uint32_t flags, struct tare__modules_seen *seen)
{
    struct tare__module_here here;
    if (TARE__LIKELY(TARE__LOAD(frame->owner_private[0]) == 0))
        return true;
    if (!tare__module_here(seen, tare__frame_place(address, flags), &here) || here.id != frame->module)
        return false;
    if (here.stays) /* that wasn't known when the frame was made */
        TARE__STORE(frame->owner_private[0], 0);
    return true;
}

static bool find(struct tare__chain *chain, uint64_t hash, uintptr_t address, uint32_t flags,
                 struct tare__modules_seen *seen)
{
    const struct tare__frame_table *table = __atomic_load_n(&tare__frame_table, __ATOMIC_ACQUIRE);
    if (TARE__UNLIKELY(table == NULL))
        return false;
    uint32_t tag = (uint32_t)hash, mask = (1u << table->bits) - 1;
    for (uint32_t i = tag >> (32 - table->bits);; i = (i + 1) & mask) {
        uint64_t entry = __atomic_load_n(&table->entries[i], __ATOMIC_ACQUIRE);
        if (entry == 0)
            return false;
        if (entry >> 32 != tag)
            continue;
        struct tare__frame *frame = tare__frame_at((uint32_t)entry);
        if (frame->address == address && frame->parent == chain->id && frame->flags == flags &&
            is_there(frame, address, flags, seen)) {
            chain->hash = hash;
            chain->id = (uint32_t)entry;
            chain->may_go = TARE__LOAD(frame->owner_private[0]) != 0;
            return true;
        }
    }
}

static void put(struct tare__frame_table *into, uint64_t entry)
{
    uint32_t mask = (1u << into->bits) - 1, i = (uint32_t)(entry >> 32) >> (32 - into->bits);
    while (into->entries[i] != 0)
        i = (i + 1) & mask;
    __atomic_store_n(&into->entries[i], entry, __ATOMIC_RELEASE);
    into->count++;
}

/* One more entry will leave at least one free. */
static bool make_room(void)
{
    struct tare__frame_table *table = tare__frame_table, *larger = NULL;
    uint32_t bits = table != NULL ? table->bits : BITS_FIRST - 1;
    if (table != NULL && table->count < (1u << bits) / 4 * 3)
        return true;
    if (bits < BITS_MAX)
        larger = tare__os_map(sizeof *larger + sizeof(uint64_t) * (UINT64_C(2) << bits));
    if (larger == NULL)
        return table != NULL && table->count < (1u << bits) - 1;
    larger->bits = bits + 1;
    for (uint32_t i = 0; table != NULL && i < 1u << bits; i++)
        if (table->entries[i] != 0)
            put(larger, table->entries[i]);
    __atomic_store_n(&tare__frame_table, larger, __ATOMIC_RELEASE);
    return true;
}

static uint32_t make_record(uint32_t parent, uintptr_t address, uint32_t flags, const struct tare__module_here *here)
{
    uint32_t id = 0;
    tare__lock_acquire(&tare__pieces_lock);
    struct tare__frame *frame = tare__piece_new(TARE__PIECE_FRAMES, &id);
    if (frame != NULL) {
        frame->address = address;
        frame->parent = parent;
        frame->module = here->id;
        frame->flags = flags;
        frame->depth = parent != 0 ? tare__frame_at(parent)->depth + 1 : 1;
        frame->owner_private[0] = !here->stays;
        tare__piece_publish(TARE__PIECE_FRAMES, id);
    }
    tare__lock_release(&tare__pieces_lock);
    return frame != NULL ? id : 0;
}

static bool add_under_lock(struct tare__chain *chain, uint64_t hash, uintptr_t address, uint32_t flags,
                           struct tare__modules_seen *seen)
{
    struct tare__module_here here = {0, 0, 0, true, true};
    if (find(chain, hash, address, flags, seen)) /* another thread came first */
        return true;
    if (((flags & TARE__FRAME_TRUNCATED) == 0 &&
         !tare__module_record(seen, tare__frame_place(address, flags), &here)) ||
        !make_room())
        return false;
    uint32_t id = make_record(chain->id, address, flags, &here);
    if (id == 0)
        return false;
    put(tare__frame_table, (uint64_t)(uint32_t)hash << 32 | id);
    *chain = (struct tare__chain){hash, id, !here.stays};
    return true;
}

TARE__COLD struct tare__chain tare__frames_add_slowly(struct tare__chain chain, uintptr_t address, uint32_t flags,
                                                      struct tare__modules_seen *seen)
{
    uint64_t hash = tare__frames_hash(chain.hash, address, flags);
    if (find(&chain, hash, address, flags, seen))
        return chain;
    uint64_t blocked = tare__os_block_signals(); /* as for tare__pieces_lock */
    tare__lock_acquire(&adding);
    if (!add_under_lock(&chain, hash, address, flags, seen))
        chain.id = 0;
    tare__lock_release(&adding);
    tare__os_restore_signals(blocked);
    return chain;
}

bool tare__frames_begin(struct tare__chain *chain, enum tare__unwind_end end, struct tare__modules_seen *seen)
{
    uint32_t truncation = TARE__TRUNCATED_NO_RULE;
    if (end == TARE__UNWIND_COMPLETE)
        return true;
    if (end == TARE__UNWIND_FULL)
        truncation = TARE__TRUNCATED_DEPTH;
    else if (end == TARE__UNWIND_BAD_STACK)
        truncation = TARE__TRUNCATED_BAD_STACK;
    *chain = tare__frames_add(*chain, truncation, TARE__FRAME_TRUNCATED, seen);
    return chain->id != 0;
}

void tare__frames_fork_prepare(void)
{
    tare__lock_acquire(&adding);
}

void tare__frames_fork_parent(void)
{
    tare__lock_release(&adding);
}

/* The table is left to whoever may be reading it: a signal handler may have forked. */
void tare__frames_fork_child(bool drop)
{
    adding.word = 0;
    tare__frames_epoch++;
    if (!drop)
        return;
    tare__frame_table = NULL;
    tare__module_records_drop();
}
