/* SPDX-License-Identifier: MIT */
/*
 * A sweep: its state, in memory that the processes of its runs share (fault_sweep.c), its runs by
 * fork (fault_run.c), how they are replayed (fault_replay.c), and its message (fault_message.c).
 */
#ifndef TARE__FAULT_SWEEP_H
#define TARE__FAULT_SWEEP_H

#include <sys/types.h>
#include <tare/fault.h>

#include "compiler.h"
#include "faults.h"

enum tare__sweep_state {
    TARE__SWEEP_OVER,       /* the block runs, or has run, with nothing failing */
    TARE__SWEEP_CHILD,      /* this process is one run */
    TARE__SWEEP_IN_PROCESS, /* one run after another */
    TARE__SWEEP_REPLAY      /* one run, in this process, and no other */
};

enum { TARE__SAID_BYTES = 400, TARE__OFFSETS_MAX = 1024 };

/* What the layout of faults has no place for. Texts are at the same address in all of a sweep's processes. */
struct tare__sweep_check {
    const char *condition; /* NULL for none */
    const char *file;
    int line;
};

struct tare__sweep_outcome {
    struct tare__sweep_check check;
    char said[TARE__SAID_BYTES]; /* on its standard error, in the end */
};

/* The run under way. */
struct tare__sweep_run {
    uint32_t done;      /* the block has come to an end, or was left */
    uint32_t exception; /* by an exception */
    int open_error;     /* the scope could not be opened */
    struct tare__sweep_check failed, wrong_success;
};

struct tare_sweep_ {
    enum tare__sweep_state state;
    tare_here_ here;
    tare_sweep_options options;
    uint64_t seen;      /* of the unharmed run */
    uint64_t bad_frees; /* the same */
    uint64_t counted;   /* points that can be run */
    uint64_t chosen;    /* how many of those are */
    uint64_t at;        /* in process: the run under way, 0 for the unharmed one */
    uint32_t point, mode;
    int standard_error; /* a file in memory, or -1 */
    uint32_t offset_count;
    struct {
        int descriptor;
        int64_t offset;
    } offsets[TARE__OFFSETS_MAX]; /* of files, before the run */
    struct tare_sweep_ *outer;    /* in whose run this one is; NULL for none */
    struct tare__sweep_run run;
    struct tare__faults faults;
    uint32_t countable[TARE__FAULT_POINTS_MAX]; /* the points that can be run */
    struct tare__sweep_outcome outcomes[TARE__FAULT_POINTS_MAX][TARE__FAULT_MODES];
};

/* The sweep whose run this process is in now, or NULL. */
extern struct tare_sweep_ *tare__sweep_now TARE__HIDDEN;

/* The number of the i-th of the chosen points, in its table. */
uint32_t tare__sweep_point(const struct tare_sweep_ *sweep, uint64_t i);

/* Whether a mode is among those to be run. */
bool tare__sweep_has_mode(const struct tare_sweep_ *sweep, enum tare__fault_mode mode);

/* ---- Runs ------------------------------------------------------------------- */

/* How a run by fork has ended. */
struct tare__sweep_end {
    bool hung;
    int status; /* as of waitpid */
    uint32_t ms;
};

/* 1 in the child, 0 in the parent when that has ended, or -1 with errno. */
int tare__sweep_fork(struct tare_sweep_ *sweep, struct tare__sweep_end *end);

/* ---- Replays ---------------------------------------------------------------- */

struct tare__replay {
    uint64_t id;
    enum tare__fault_mode mode;
};

/* Whether TARE_FAULT_REPLAY is for the sweep at this place. It is well-formed, or *replay is of id 0. */
bool tare__replay_wanted(const tare_here_ *here, struct tare__replay *replay);

/* The value that replays a point. */
struct tare__text;
void tare__replay_add(struct tare__text *text, const tare_here_ *here, uint64_t id, enum tare__fault_mode mode);
void tare__replay_add_id(struct tare__text *text, uint64_t id);
extern const char *const tare__fault_mode_names[TARE__FAULT_MODES] TARE__HIDDEN;

/* The commands that replay it and stop there in gdb, a line each. */
void tare__replay_add_commands(struct tare__text *text, const tare_here_ *here, uint64_t id,
                               enum tare__fault_mode mode);

/* ---- The message ------------------------------------------------------------ */

/* Tells the failure handler. */
void tare__sweep_fail(const struct tare_sweep_ *sweep, const tare_fault_result *result);

/* The block fails by itself. */
void tare__sweep_fail_spoiled(const struct tare_sweep_ *sweep, const struct tare__sweep_end *end);

#endif
