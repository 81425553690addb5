/* SPDX-License-Identifier: MIT */
/*
 * Stores into a snapshot. A store's process may still be writing, so each slot is
 * copied until it stands still; and what one process did is in several stores,
 * one for each program it executed.
 */
#include "recording.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "running.h"
#include "statistics.h"
#include "view.h"

_Static_assert(TARE__HISTOGRAM_BUCKETS <= TARE__SIZE_RANGES_MAX, "a histogram fits");
_Static_assert(sizeof((struct tare__store *)0)->command <= TARE__COMMAND_BYTES, "a command fits");

/* ---- Figures ------------------------------------------------------------ */

struct totals {
    struct tare__counters counters; /* recording is set where one of the slots has it set */
    uint64_t histogram[TARE__HISTOGRAM_BUCKETS];
};

static void add_slot(struct totals *totals, const struct tare__slot *slot)
{
#define ADD(name) totals->counters.name += slot->counters.name;
    TARE__COUNTERS(ADD)
#undef ADD
    totals->counters.foreign.blocks += slot->counters.foreign.blocks;
    totals->counters.foreign.bytes += slot->counters.foreign.bytes;
    totals->counters.recording |= slot->counters.recording;
    for (unsigned i = 0; i < TARE__HISTOGRAM_BUCKETS; i++)
        totals->histogram[i] += slot->histogram[i];
}

/* Who is in the middle of a call for all of our tries has been stopped there. */
static struct tare__slot copy_settled(const struct tare__slot *slot)
{
    enum { TRIES = 1000 };
    struct tare__slot copy;
    for (int i = 0; i < TRIES; i++) {
        memcpy(&copy, slot, sizeof copy);
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        if (copy.counters.recording == 0 && memcmp(&copy.counters, &slot->counters, sizeof copy.counters) == 0)
            break;
    }
    return copy;
}

static struct totals total(const struct tare__store *store)
{
    struct totals totals = {0};
    const char *slots = (const char *)store + offsetof(struct tare__store, slots);
    for (uint32_t i = 0; i < store->slot_count; i++) {
        size_t offset = (size_t)i * store->slot_bytes;
        struct tare__slot slot = copy_settled((const struct tare__slot *)(const void *)(slots + offset));
        add_slot(&totals, &slot);
    }
    return totals;
}

static tare_stats statistics(const struct tare__store *store, const struct tare__counters *sum, bool running)
{
    int64_t peak = store->run_peak > store->shared.peak ? store->run_peak : store->shared.peak;
    uint32_t inexact = store->inexact;
    if (sum->recording != 0)
        inexact |= running ? TARE_INEXACT_UNSETTLED : TARE_INEXACT_ENDED_MID_CALL;
    const struct tare__foreign nothing_elsewhere = {0, 0}; /* the run counts every thread */
    return tare__statistics_from(sum, sum->foreign, nothing_elsewhere, peak, inexact);
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

static struct tare__process explain(const struct tare__store *store, bool running)
{
    struct totals totals = total(store);
    struct tare__process process = {
        .pid = store->pid,
        .parent_pid = store->parent_pid,
        .sequence = store->sequence,
        .forked = store->forked != 0,
        .running = running,
        .command_cut = store->command_cut != 0,
        .started_ns = store->started_ns,
        .command_bytes = store->command_bytes,
        .stats = statistics(store, &totals.counters, running),
        .runtime_blocks = store->runtime_blocks,
        .runtime_bytes = store->runtime_bytes,
        .children_lost = store->children_lost,
    };
    memcpy(process.command, store->command, store->command_bytes);
    if (process.command_bytes > 0)
        process.command[process.command_bytes - 1] = '\0';
    snprintf(process.mode, sizeof process.mode, "%.*s", (int)sizeof store->link_mode - 1, store->link_mode);
    snprintf(process.allocator, sizeof process.allocator, "%.*s", (int)sizeof store->allocator - 1, store->allocator);
    add_sizes(&process, totals.histogram);
    return process;
}

/* ---- The directory ------------------------------------------------------ */

static void refuse(struct tare__snapshot *snapshot, const char *name, const char *reason)
{
    if (snapshot->refused_count++ == 0)
        snprintf(snapshot->refused_reason, sizeof snapshot->refused_reason, "%.60s: %s", name, reason);
}

static int add_process(struct tare__snapshot *snapshot, const struct tare__process *process)
{
    size_t count = snapshot->process_count;
    if ((count & (count - 1)) == 0) { /* a power of two is full */
        struct tare__process *more = realloc(snapshot->processes, (count == 0 ? 1 : 2 * count) * sizeof *more);
        if (more == NULL)
            return ENOMEM;
        snapshot->processes = more;
    }
    snapshot->processes[snapshot->process_count++] = *process;
    return 0;
}

static bool is_being_made(struct tare__view view)
{
    if (view.bytes < offsetof(struct tare__store, slot_count) || view.store->magic == 0)
        return true;
    return view.store->magic == TARE__STORE_MAGIC && __atomic_load_n(&view.store->ready, __ATOMIC_ACQUIRE) == 0;
}

/* The maker's pid begins the name. */
static bool has_living_maker(const char *name)
{
    int pid = atoi(name);
    return pid > 0 && (kill(pid, 0) == 0 || errno == EPERM);
}

/* A child that outlives the program may have been forked just now, and its file
 * be there but not yet filled: that takes it less than a millisecond, unless it
 * is stopped. */
static struct tare__view open_made(int directory, const char *name)
{
    enum { TRIES = 100 };
    const struct timespec pause = {.tv_nsec = 1000000};
    struct tare__view view = tare__view_open(directory, name);
    for (int i = 0; i < TRIES && is_being_made(view) && has_living_maker(name); i++) {
        tare__view_close(view);
        nanosleep(&pause, NULL);
        view = tare__view_open(directory, name);
    }
    return view;
}

static int add_file(struct tare__snapshot *snapshot, int directory, const char *name)
{
    struct tare__view view = open_made(directory, name);
    const char *reason = tare__view_refusal(view);
    int error = 0;
    if (reason != NULL) {
        refuse(snapshot, name, reason);
    } else if (__atomic_load_n(&view.store->ready, __ATOMIC_ACQUIRE) != 0) {
        struct tare__process process = explain(view.store, tare__is_running(view.store->pid, name));
        error = add_process(snapshot, &process);
    }
    tare__view_close(view);
    return error;
}

static bool is_store_name(const char *name)
{
    size_t length = strlen(name), suffix = sizeof TARE__STORE_SUFFIX - 1;
    return length > suffix && strcmp(name + length - suffix, TARE__STORE_SUFFIX) == 0;
}

static int add_files(struct tare__snapshot *snapshot, const char *path)
{
    DIR *directory = opendir(path);
    if (directory == NULL)
        return errno;
    int error = 0;
    for (struct dirent *entry; error == 0 && (entry = readdir(directory)) != NULL;)
        if (is_store_name(entry->d_name))
            error = add_file(snapshot, dirfd(directory), entry->d_name);
    closedir(directory);
    return error;
}

/* ---- Which images count ------------------------------------------------- */

static int by_image(const void *a, const void *b)
{
    const struct tare__process *one = a, *other = b;
    if (one->pid != other->pid)
        return one->pid < other->pid ? -1 : 1;
    return (one->sequence > other->sequence) - (one->sequence < other->sequence);
}

static int by_start(const void *a, const void *b)
{
    const struct tare__process *one = a, *other = b;
    if (one->started_ns != other->started_ns)
        return one->started_ns < other->started_ns ? -1 : 1;
    return by_image(a, b);
}

static bool only_execed(const struct tare__process *image, const struct tare__process *next)
{
    const tare_stats *stats = &image->stats;
    return next->pid == image->pid && !next->forked && image->children_lost == 0 && stats->inexact == 0 &&
           (stats->allocations | stats->deallocations | stats->reallocations | stats->failed_allocations) == 0;
}

static void drop_idle_images(struct tare__snapshot *snapshot)
{
    struct tare__process *all = snapshot->processes;
    size_t kept = 0;
    for (size_t i = 0; i < snapshot->process_count; i++)
        if (i + 1 == snapshot->process_count || !only_execed(&all[i], &all[i + 1]))
            all[kept++] = all[i];
    snapshot->process_count = kept;
}

static bool find_main(struct tare__snapshot *snapshot, int pid)
{
    bool found = false;
    for (size_t i = 0; i < snapshot->process_count; i++) {
        const struct tare__process *process = &snapshot->processes[i];
        if (process->pid == pid && (!found || process->sequence > snapshot->processes[snapshot->main].sequence)) {
            snapshot->main = i;
            found = true;
        }
    }
    return found;
}

int tare__recording_read(const char *directory, int main_pid, struct tare__snapshot *snapshot)
{
    int error = add_files(snapshot, directory);
    if (error != 0)
        return error;
    if (snapshot->process_count == 0)
        return ENOENT;
    qsort(snapshot->processes, snapshot->process_count, sizeof *snapshot->processes, by_image);
    drop_idle_images(snapshot);
    qsort(snapshot->processes, snapshot->process_count, sizeof *snapshot->processes, by_start);
    return find_main(snapshot, main_pid) ? 0 : ENOENT;
}
