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

/* ---- Where allocations came from -------------------------------------------- */

/* A loaded object. Strings are owned by the process's `strings` throughout. */
struct tare__snapshot_module {
    uint64_t low, end; /* its addresses in the process */
    uint64_t bias;     /* address less that in the file */
    uint32_t load_epoch;
    bool is_program;
    const char *path;
    const char *name; /* the last part of the path */
    uint8_t build_id[64];
    uint32_t build_id_bytes;
    const char *problem; /* why it has no symbols, as far as that is odd: the file is gone, or was rebuilt since;
                            NULL for none. Set by tare__symbolize() */
};

/* A place in the source, or as much as is known of one. One return address has
 * several where functions were inlined. */
struct tare__place {
    const char *function; /* demangled; NULL where not even the dynamic symbols tell */
    const char *file;     /* NULL where there is no debug information */
    uint32_t line;        /* 0 for none */
    bool inlined;         /* into the place that follows */
};

struct tare__snapshot_frame {
    uint64_t address;
    uint32_t parent; /* its caller, in frames; 0 for none */
    uint32_t module; /* in modules; 0 for none */
    uint32_t flags;  /* TARE__FRAME_* (pieces.h) */
    uint32_t depth;
    uint32_t first_place; /* in places, the innermost first; place_count is 0 before tare__symbolize() */
    uint32_t place_count;
};

/* Figures of one call stack, over all scopes in the record. */
struct tare__snapshot_site {
    uint32_t stack;            /* the innermost frame, in frames; 0 for none */
    uint32_t order;            /* by when it was first there, as far as the record tells: the first has the lowest */
    bool is_runtime;           /* a pool of the C++ runtime: no leak */
    const char *suppressed_by; /* the suppression that covers it: no leak; NULL for none. Not owned */
    uint64_t allocations;
    uint64_t bytes_allocated;
    uint64_t reallocations;
    uint64_t temporary;
    int64_t peak_blocks, peak_bytes; /* live at the peak */
    int64_t live_blocks, live_bytes; /* at the end, or now: leaks */
};

struct tare__snapshot_point {
    uint64_t time_ns; /* since the start */
    int64_t live_bytes;
    int64_t peak_bytes;
};

/* Index 0 of frames and modules stands for none. All arrays are owned. */
struct tare__origins {
    struct tare__snapshot_module *modules;
    size_t module_count;
    struct tare__snapshot_frame *frames;
    size_t frame_count;
    struct tare__snapshot_site *sites; /* one for each stack, by bytes_allocated, the most first */
    size_t site_count;
    struct tare__place *places;
    size_t place_count;
    struct tare__snapshot_point *points;
    size_t point_count;
    struct tare__strings *strings;

    /* What the figures of the process have and no site does: calls for whose site
     * there was no room, or which were half counted when the process was killed. 0
     * is the rule. Of the peak: what threads did at the very same moment. */
    int64_t siteless_allocations, siteless_bytes, siteless_live_blocks, siteless_live_bytes, siteless_peak_bytes;
    uint64_t truncated_allocations; /* of stacks whose outer part is missing */
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

    /* Of one scope that was saved by itself: where its block stands. Empty for a run. */
    bool is_scope;
    char scope_name[128];
    char scope_file[512];
    uint32_t scope_line;
    tare_domain scope_domain;

    struct tare__origins origins;
};

struct tare__snapshot {
    struct tare__process *processes; /* by the time of their start; owned */
    size_t process_count;
    size_t main; /* which of them the command line named */

    size_t refused_count;     /* records that could not be read */
    char refused_reason[256]; /* of the first of them */

    bool end_known;  /* of the main process: it ran just now */
    int exit_status; /* its status, or ... */
    int signal;      /* ... what killed it; 0 for nothing */

    const char *record;                           /* where it is kept; NULL for nowhere. Not owned */
    const struct tare__expectation *expectations; /* judged; not owned */
    size_t expectation_count;
};

/* The argument after this one, the first for NULL; NULL after the last. */
const char *tare__process_argument(const struct tare__process *process, const char *before);

uint64_t tare__snapshot_children_lost(const struct tare__snapshot *snapshot);

void tare__origins_free(struct tare__origins *origins);
void tare__snapshot_free(struct tare__snapshot *snapshot);

#endif
