/* SPDX-License-Identifier: MIT */
/*
 * The store: the memory a process records into, and the file it may be.
 *
 * Written in place by the recording process, read by anyone at any time. Each
 * thread writes its own slot, plainly and in order; a slot outlives its thread
 * and is taken over, not cleared, by the next, so the sum over all slots is
 * the process's total at every moment, also if it is killed between two
 * instructions. A slot whose `recording` is not 0 was stopped inside one call.
 */
#ifndef TARE__STORE_LAYOUT_H
#define TARE__STORE_LAYOUT_H

#include <stdint.h>

#include <tare/tare.h>

#include "pieces.h"

#define TARE__STORE_MAGIC 0x0a1a0d4552415489ull /* \x89 "TARE" \r \x1a \n: text transfers damage it visibly */
#define TARE__STORE_VERSION 2u
#define TARE__STORE_SLOTS 1024u
#define TARE__STORE_SUFFIX ".tare"

/* Sizes 0, 1, 2-3, 4-7 ... 2^63 and more: bucket b > 0 holds 2^(b-1) up to 2^b - 1. */
#define TARE__HISTOGRAM_BUCKETS 65u

/*
 * Counted by each thread, and only ever added to, so that any stretch of time
 * is a subtraction. The first line of eight is what malloc and free touch.
 */
#define TARE__COUNTERS_HOT(X)                                                                                          \
    X(allocations)                                                                                                     \
    X(bytes_allocated)                                                                                                 \
    X(deallocations)                                                                                                   \
    X(bytes_deallocated)                                                                                               \
    X(reallocations)                                                                                                   \
    X(bytes_reallocated) /* two's complement */
#define TARE__COUNTERS_COLD(X)                                                                                         \
    X(failed_allocations)                                                                                              \
    X(unknown_blocks)                                                                                                  \
    X(lost_blocks)                                                                                                     \
    X(reentered_calls)
#define TARE__COUNTERS(X) TARE__COUNTERS_HOT(X) TARE__COUNTERS_COLD(X)

/* Calls of a scope on blocks that were not born in it. */
struct tare__foreign {
    int64_t blocks; /* ended here */
    int64_t bytes;  /* what those calls added to the net */
};

struct tare__counters {
    uint64_t recording; /* not 0 while the fields are being changed: the stack address of who does */
    int64_t peak;       /* highest bytes_allocated - bytes_deallocated since the thread's scopes last changed */
#define TARE__COUNTER_FIELD(name) uint64_t name;
    TARE__COUNTERS(TARE__COUNTER_FIELD)
#undef TARE__COUNTER_FIELD
    struct tare__foreign foreign; /* of the scope that spans the whole run */
    uint64_t reserved[2];         /* no padding, so that copies can be compared as bytes */
} __attribute__((aligned(64)));

struct tare__slot {
    struct tare__counters counters;
    uint32_t taken; /* 1 while a thread writes here */
    uint32_t reserved;
    uint64_t histogram[TARE__HISTOGRAM_BUCKETS]; /* allocations by requested size */
} __attribute__((aligned(64)));

/* What all threads change together while a scope spans them. */
struct tare__shared {
    int64_t net;  /* bytes allocated - deallocated since the store was made */
    int64_t peak; /* highest net since the scopes that span threads last changed */
} __attribute__((aligned(64)));

enum tare__store_kind {
    TARE__STORE_RUN,  /* all that one program image did */
    TARE__STORE_SCOPE /* one scope, frozen: its figures are in `scope`, slots are empty */
};

/* What a scope measured that was saved by itself. */
struct tare__saved_scope {
    char name[128]; /* empty for none */
    char file[512]; /* where its block stands in the source; empty for none */
    uint32_t line;
    uint32_t domain; /* tare_domain */
    tare_stats stats;
};

struct tare__store {
    uint64_t magic;
    uint32_t version;
    uint32_t ready;   /* 1 once everything up to `shared` is written */
    uint32_t kind;    /* enum tare__store_kind */
    uint32_t machine; /* EM_X86_64, EM_AARCH64: whose addresses these are */
    uint32_t slot_count;
    uint32_t slot_bytes;
    int32_t pid;
    int32_t parent_pid;
    uint32_t sequence; /* 0 for the first program image of this pid, 1 for the next ... */
    uint32_t forked;   /* 1 when made by fork, 0 when made by exec */
    uint64_t started_ns;
    char link_mode[16];
    char allocator[64]; /* file name of the module whose malloc does the work */
    char program[512];
    char command[1024]; /* arguments, a NUL after each, cut to fit; an empty one ends it only at command_bytes */
    uint32_t command_bytes;
    uint32_t command_cut;

    struct tare__shared shared;
    int64_t run_peak;        /* highest net before shared.peak was last set back */
    uint32_t inexact;        /* TARE_INEXACT_* bits that no counter stands for */
    uint32_t children_lost;  /* forked children that could not be recorded */
    uint64_t runtime_blocks; /* pools of the C++ runtime: counted, but no leaks */
    uint64_t runtime_bytes;

    uint64_t pieces_offset; /* from the start of the file to piece 0 */
    uint32_t piece_bytes;
    uint32_t piece_count; /* those that hold records */
    int64_t peak_net;     /* the net at the highest peak: a site's peak_at. Of a run: the greater of the two above */
    struct tare__saved_scope scope;
    struct tare__timeline timeline;

    struct tare__slot slots[TARE__STORE_SLOTS];
} __attribute__((aligned(4096)));

#endif
