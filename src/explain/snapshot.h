/* SPDX-License-Identifier: MIT */
/*
 * A snapshot: a record taken out of its stores, as plain arrays. It is all that
 * a report may look at, so that a live process, a dead one and a saved file are
 * reported alike.
 */
#ifndef TARE__SNAPSHOT_H
#define TARE__SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tare/tare.h>

#include "expectation.h"

#define TARE__SIZE_RANGES_MAX 65
#define TARE__COMMAND_BYTES 1024

/* Allocations of low up to and with high requested bytes. */
struct tare__size_range {
    uint64_t low;
    uint64_t high;
    uint64_t allocations;
};

/* One program image: what a process ran between its start, by fork or exec, and
 * its end or the next exec. */
struct tare__process {
    int pid;
    int parent_pid;
    uint32_t sequence; /* of the images of this pid: 0, 1 ... */
    bool forked;       /* started by fork, not by exec */
    bool running;      /* not ended yet: the figures are those up to now */
    bool command_cut;  /* there were more arguments than are kept */
    uint64_t started_ns;
    char command[TARE__COMMAND_BYTES]; /* the arguments, a NUL after each */
    size_t command_bytes;
    char mode[16];      /* tare_link_mode() */
    char allocator[64]; /* the module whose malloc did the work */

    tare_stats stats;
    struct tare__size_range sizes[TARE__SIZE_RANGES_MAX]; /* those with allocations, ascending */
    size_t size_count;
    uint64_t runtime_blocks; /* pools of the C++ runtime: in the statistics, but no leaks */
    uint64_t runtime_bytes;
    uint32_t children_lost; /* forked children that could not be recorded */
};

struct tare__snapshot {
    struct tare__process *processes; /* by the time of their start; owned */
    size_t process_count;
    size_t main; /* which of them the command line named */

    size_t refused_count;     /* records that could not be read */
    char refused_reason[128]; /* of the first of them */

    int exit_status; /* of the main process, or ... */
    int signal;      /* ... what killed it; 0 for nothing */

    const struct tare__expectation *expectations; /* judged; not owned */
    size_t expectation_count;
};

/* The argument after this one, the first for NULL; NULL after the last. */
const char *tare__process_argument(const struct tare__process *process, const char *before);

uint64_t tare__snapshot_children_lost(const struct tare__snapshot *snapshot);

void tare__snapshot_free(struct tare__snapshot *snapshot);

#endif
