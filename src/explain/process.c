/* SPDX-License-Identifier: MIT */
/*
 * A store's process may still be writing, so each slot is copied until it stands
 * still; what was in the middle of a call all the time was stopped there.
 */
#include "process.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "origins.h"
#include "running.h"
#include "statistics.h"

_Static_assert(TARE__HISTOGRAM_BUCKETS <= TARE__SIZE_RANGES_MAX, "a histogram fits");
_Static_assert(sizeof((struct tare__store *)0)->command <= TARE__COMMAND_BYTES, "a command fits");

/* ---- Figures ------------------------------------------------------------ */

struct totals {
    struct tare__counters counters;         /* recording is set where one of the slots has it set */
    uint64_t foreign_blocks, foreign_bytes; /* two's complement */
    uint64_t histogram[TARE__HISTOGRAM_BUCKETS];
};

static void add_slot(struct totals *totals, const struct tare__slot *slot)
{
#define ADD(name) totals->counters.name += slot->counters.name;
    TARE__COUNTERS(ADD)
#undef ADD
    totals->foreign_blocks += (uint64_t)slot->counters.foreign.blocks;
    totals->foreign_bytes += (uint64_t)slot->counters.foreign.bytes;
    totals->counters.recording |= slot->counters.recording;
    for (unsigned i = 0; i < TARE__HISTOGRAM_BUCKETS; i++)
        totals->histogram[i] += slot->histogram[i];
}

static bool is_settled(const struct tare__slot *one, const struct tare__slot *other)
{
    return one->counters.recording == 0 && memcmp(&one->counters, &other->counters, sizeof one->counters) == 0;
}

/* Who is in the middle of a call for all of our tries has been stopped there. */
static bool copy_settled(const struct tare__view *view, uint64_t offset, struct tare__slot *slot)
{
    enum { TRIES = 1000 };
    struct tare__slot again;
    bool settled = false, copied = tare__view_copy(view, offset, slot, sizeof *slot);
    for (int i = 0; copied && !settled && i < TRIES; i++) {
        copied = tare__view_copy(view, offset, &again, sizeof again);
        settled = is_settled(slot, &again);
        *slot = again;
    }
    return copied;
}

static int total(struct totals *totals, const struct tare__view *view, const struct tare__store *store,
                 struct tare__refusal *refusal)
{
    *totals = (struct totals){0};
    for (uint32_t i = 0; i < store->slot_count; i++) {
        uint64_t offset = offsetof(struct tare__store, slots) + (uint64_t)i * store->slot_bytes;
        struct tare__slot slot;
        if (!copy_settled(view, offset, &slot))
            return tare__refuse(refusal, EBADMSG, "it became truncated at offset %" PRIu64, offset);
        add_slot(totals, &slot);
    }
    return 0;
}

static int64_t peak_of(const struct tare__store *store)
{
    return store->run_peak > store->shared.peak ? store->run_peak : store->shared.peak;
}

/* So far from what any process can do that sums of a few can't overflow. */
static bool is_sane(int64_t figure)
{
    return figure < INT64_MAX / 8 && figure > -(INT64_MAX / 8);
}

static int statistics_of_run(tare_stats *stats, const struct tare__store *store, struct totals *totals, bool running,
                             struct tare__refusal *refusal)
{
    struct tare__counters *sum = &totals->counters;
    sum->foreign = (struct tare__foreign){(int64_t)totals->foreign_blocks, (int64_t)totals->foreign_bytes};
    if (!is_sane(tare__net_of(sum)) || !is_sane((int64_t)(sum->allocations - sum->deallocations)) ||
        !is_sane(sum->foreign.blocks) || !is_sane(sum->foreign.bytes))
        return tare__refuse(refusal, EBADMSG, "it is damaged: the figures from offset %zu on can't be",
                            offsetof(struct tare__store, slots));
    uint32_t inexact = store->inexact;
    if (sum->recording != 0)
        inexact |= running ? TARE_INEXACT_UNSETTLED : TARE_INEXACT_ENDED_MID_CALL;
    const struct tare__foreign nothing_elsewhere = {0, 0}; /* the run counts every thread */
    *stats = tare__statistics_from(sum, sum->foreign, nothing_elsewhere, peak_of(store), inexact);
    return 0;
}

static void add_sizes(struct tare__process *process, const uint64_t *histogram)
{
    for (unsigned i = 0; i < TARE__HISTOGRAM_BUCKETS; i++) {
        if (histogram[i] == 0)
            continue;
        uint64_t low = i == 0 ? 0 : UINT64_C(1) << (i - 1);
        uint64_t high = i == 0 ? 0 : low + (low - 1);
        process->sizes[process->size_count++] = (struct tare__size_range){low, high, histogram[i]};
    }
}

/* ---- The header ----------------------------------------------------------- */

static bool has_end(const char *field, size_t bytes)
{
    return memchr(field, '\0', bytes) != NULL;
}

static int check_fields(const struct tare__store *store, struct tare__refusal *refusal)
{
    const struct tare__saved_scope *scope = &store->scope;
    const char *what = NULL;
    if (store->kind != TARE__STORE_RUN && store->kind != TARE__STORE_SCOPE)
        what = "its kind is unknown";
    else if (store->machine != EM_X86_64 && store->machine != EM_AARCH64)
        what = "its machine is unknown";
    else if (store->command_bytes > sizeof store->command)
        what = "its command line is too long";
    else if (!has_end(store->link_mode, sizeof store->link_mode) ||
             !has_end(store->allocator, sizeof store->allocator) || !has_end(store->program, sizeof store->program))
        what = "a name has no end";
    else if (!has_end(scope->name, sizeof scope->name) || !has_end(scope->file, sizeof scope->file))
        what = "its scope's name has no end";
    else if (store->kind == TARE__STORE_SCOPE && scope->domain > TARE_TASK)
        what = "its scope is of an unknown domain";
    return what == NULL ? 0 : tare__refuse(refusal, EBADMSG, "it is damaged: %s", what);
}

static struct tare__process described(const struct tare__store *store, bool running)
{
    struct tare__process process = {
        .pid = store->pid,
        .parent_pid = store->parent_pid,
        .sequence = store->sequence,
        .forked = store->forked != 0,
        .running = running,
        .command_cut = store->command_cut != 0,
        .started_ns = store->started_ns,
        .command_bytes = store->command_bytes,
        .runtime_blocks = store->runtime_blocks,
        .runtime_bytes = store->runtime_bytes,
        .children_lost = store->children_lost,
    };
    memcpy(process.command, store->command, store->command_bytes);
    if (process.command_bytes > 0)
        process.command[process.command_bytes - 1] = '\0';
    memcpy(process.mode, store->link_mode, sizeof process.mode);
    memcpy(process.allocator, store->allocator, sizeof process.allocator);
    return process;
}

static void describe_scope(struct tare__process *process, const struct tare__saved_scope *scope)
{
    process->is_scope = true;
    process->stats = scope->stats;
    process->scope_line = scope->line;
    process->scope_domain = (tare_domain)scope->domain;
    memcpy(process->scope_name, scope->name, sizeof process->scope_name);
    memcpy(process->scope_file, scope->file, sizeof process->scope_file);
}

/* ---- All of it ------------------------------------------------------------ */

static int read_run(struct tare__process *process, struct tare__view *view, struct tare__store *store,
                    struct tare__refusal *refusal)
{
    struct totals totals;
    int error = total(&totals, view, store, refusal);
    if (error == 0)
        error = tare__view_header(view, store, refusal); /* anew: the peak is no less than what was summed up */
    if (error == 0)
        error = statistics_of_run(&process->stats, store, &totals, process->running, refusal);
    add_sizes(process, totals.histogram);
    return error;
}

static int read_made(struct tare__process *process, struct tare__view *view, struct tare__store *store,
                     const char *name, struct tare__refusal *refusal)
{
    int error = tare__view_header(view, store, refusal);
    if (error == 0 && store->ready == 0)
        error = tare__refuse(refusal, ENODATA, "its process ended before it had recorded anything");
    if (error == 0) /* anew: now all of it is written */
        error = tare__view_header(view, store, refusal);
    if (error == 0)
        error = check_fields(store, refusal);
    if (error != 0)
        return error;
    bool is_scope = store->kind == TARE__STORE_SCOPE;
    *process = described(store, !is_scope && tare__is_running(store->pid, name, view->inode));
    if (is_scope)
        describe_scope(process, &store->scope);
    else
        error = read_run(process, view, store, refusal);
    return error == 0 ? tare__origins_read(&process->origins, view, store, is_scope ? store->peak_net : peak_of(store),
                                           &process->stats, refusal)
                      : error;
}

int tare__process_read(struct tare__process *process, struct tare__view *view, const char *name,
                       struct tare__refusal *refusal)
{
    struct tare__store *store =
        aligned_alloc(_Alignof(struct tare__store), sizeof *store); /* its slots stay untouched */
    if (store == NULL)
        return tare__refuse_memory(refusal);
    int error = read_made(process, view, store, name, refusal);
    free(store);
    return error;
}

bool tare__process_is_made(struct tare__view *view)
{
    struct {
        uint64_t magic;
        uint32_t version, ready;
    } first;
    if (!tare__view_reaches(view, sizeof first) || !tare__view_copy(view, 0, &first, sizeof first))
        return false;
    return first.magic != 0 && (first.magic != TARE__STORE_MAGIC || first.ready != 0);
}
