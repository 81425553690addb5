/* SPDX-License-Identifier: MIT */
/*
 * Fault injection as processes share it: what is to fail, what could, and what came of
 * it. It lies in memory that a test and its forked runs share, or in a file that `tare
 * oom` maps and names in TARE_FAULTS, and the program's processes with it.
 *
 * A point is a call stack that allocates (one where it resizes a block is another), or, where plan.by_ordinal, one
 * allocation. Its id is made of the stack's addresses within their modules, so it is the same in every run of the same
 * files.
 */
#ifndef TARE__FAULTS_LAYOUT_H
#define TARE__FAULTS_LAYOUT_H

#include <stdint.h>

#define TARE__ENVIRONMENT_FAULTS "TARE_FAULTS"
#define TARE__FAULTS_MAGIC "TAREOOM\1"
#define TARE__FAULT_POINTS_MAX 65536u
#define TARE__FAULT_FRAMES 64u /* of a stack that is kept here; deeper ones lose their outermost frames */

enum tare__fault_kind {
    TARE__FAULT_COUNT,  /* fails nothing: notes the points */
    TARE__FAULT_NTH,    /* the target-th allocation, from 1 */
    TARE__FAULT_STACK,  /* the first allocation from the stack of that id */
    TARE__FAULT_OVER,   /* each by which more than target requested bytes would be live in the scope */
    TARE__FAULT_RANDOM, /* each with a probability of target / 2^32 */
    TARE__FAULT_RANGES, /* each with a frame in one of the plan's ranges of addresses */
    TARE__FAULT_FORK    /* at the first of each stack forks: the child goes on with a failure, the parent waits, then
                           goes on without */
};

struct tare__fault_plan {
    uint32_t kind;       /* enum tare__fault_kind */
    uint32_t by_ordinal; /* 1: each allocation is a point of its own, and its ordinal the id */
    uint32_t everywhere; /* 1: also what the loader, TLS and NSS ask for; else those are only listed */
    uint32_t unused;
    uint64_t target;
    uint64_t in_a_row; /* once a NTH or STACK has come, so many allocations fail; UINT64_MAX: all from then on */
    uint64_t size_low, size_high; /* in requested bytes, both inclusive; others do not count */
    uint64_t seed;
    uint64_t timeout_ms; /* of each run that FORK makes */
};

enum tare__fault_mode { TARE__FAULT_ONCE, TARE__FAULT_FOREVER, TARE__FAULT_MODES };

enum tare__fault_verdict {
    TARE__VERDICT_NONE, /* not run */
    TARE__VERDICT_PASSED,
    TARE__VERDICT_CRASHED,       /* killed by a signal */
    TARE__VERDICT_HUNG,          /* killed for the time it took */
    TARE__VERDICT_LEAKED,        /* blocks that the unharmed run does not leave */
    TARE__VERDICT_DOUBLE_FREE,   /* freed what was no block, or not any more */
    TARE__VERDICT_WRONG_SUCCESS, /* says that all went well */
    TARE__VERDICT_FAILED,        /* the test's own check did not hold */
    TARE__VERDICT_NOT_REACHED,   /* the program did not come here again */
    TARE__VERDICT_FROM_START,    /* FORK could not be done here: to be run from the start (why says why) */
};

/* Why a point is run from the start. */
enum tare__fault_why {
    TARE__WHY_NONE,
    TARE__WHY_THREADS, /* other threads were alive */
    TARE__WHY_PIPE,    /* a pipe, a socket, a terminal was open */
    TARE__WHY_FILE,    /* a file was open for writing */
    TARE__WHY_FORKED,  /* it had children */
    TARE__WHY_LOST,    /* the run that forks did not come there */
    TARE__WHY_ASKED,   /* that was asked for */
    TARE__WHYS
};

/* Where an allocation stands: who asked for it. libc has mistakes of its own where memory
 * is out, which look like the program's. */
enum tare__fault_place {
    TARE__FAULT_IN_PROGRAM,
    TARE__FAULT_IN_LIBC,   /* libc itself; fails like any, and is labelled */
    TARE__FAULT_IN_LOADER, /* and those that follow fail only where plan.everywhere */
    TARE__FAULT_IN_TLS,    /* memory of thread-local variables: the loader ends the program without it */
    TARE__FAULT_IN_NSS     /* users, hosts, services by name */
};

struct tare__fault_stack {
    uint32_t count;
    uint16_t truncated;
    uint16_t image;                         /* the process's program images, from 0: exec begins another */
    uint64_t addresses[TARE__FAULT_FRAMES]; /* the innermost first; return addresses but for a crash's own first */
};

#define TARE__FAULT_LEAKS 4u

struct tare__fault_leak {
    uint64_t point; /* in points; one that is no point is there without an ordinal */
    int64_t blocks, bytes;
};

struct tare__fault_run {
    uint32_t verdict; /* enum tare__fault_verdict; written last */
    uint32_t why;     /* enum tare__fault_why */
    int32_t status;   /* as of waitpid */
    uint32_t ms;
    uint64_t fired; /* failures that were injected */
    int64_t leaked_blocks, leaked_bytes;
    uint32_t leak_count; /* stacks; of those so many are kept */
    uint32_t bad_frees;  /* of what is no block, or not any more */
    struct tare__fault_leak leaks[TARE__FAULT_LEAKS];
    struct tare__fault_stack stack; /* where it crashed; or else of the first bad free */
};

struct tare__fault_point {
    uint64_t id;       /* never 0 */
    uint64_t stack_id; /* of its call stack: another than id where plan.by_ordinal, or where a block is resized */
    uint64_t ordinal;  /* of its first allocation in the run that counted, from 1; 0 where it is only listed */
    uint64_t hits;     /* allocations there in that run */
    uint64_t size;     /* requested bytes of the first */
    uint32_t place;    /* enum tare__fault_place */
    uint32_t wanted;   /* FORK: a bit for each of enum tare__fault_mode that is to be run */
    int64_t left_blocks, left_bytes; /* at the end of the run that counted */
    int64_t now_blocks, now_bytes;   /* the same of the last run, while it is looked at */
    uint64_t looked_at_ns;           /* the time of that */
    struct tare__fault_stack stack;
    struct tare__fault_run runs[TARE__FAULT_MODES];
};

/* A module of the process that counted, by which addresses are explained. */
struct tare__fault_module {
    uint64_t low, end, bias;
    uint32_t image;
    uint32_t path_cut; /* 1 where the path is longer than the field */
    uint32_t build_id_bytes;
    uint8_t build_id[64];
    char path[992];
};
#define TARE__FAULT_MODULES_MAX 256u

struct tare__faults {
    char magic[8];
    uint32_t bytes; /* of this structure */
    uint32_t pid;   /* of the process that counts or runs; the first that came */
    struct tare__fault_plan plan;
    uint64_t seen;     /* allocations that a fault could have come to: they have the ordinals from 1 on; atomic */
    uint64_t fired;    /* failures that were injected; atomic */
    uint64_t fired_at; /* the ordinal of the first, and its stack */
    struct tare__fault_stack fired_stack;
    struct tare__fault_run run; /* of a process that counts, or has failures from the start */
    uint32_t module_count;
    uint32_t point_count; /* atomic; those before are whole */
    uint32_t points_lost; /* there was no room for */
    uint32_t images;      /* of the process, so far */
    struct tare__fault_module modules[TARE__FAULT_MODULES_MAX];
    uint32_t index[2 * TARE__FAULT_POINTS_MAX];              /* by id: a point's number + 1 */
    struct tare__fault_point points[TARE__FAULT_POINTS_MAX]; /* pages that nobody touches take no memory */
};

#endif
