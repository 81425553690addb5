/* SPDX-License-Identifier: MIT */
/*
 * `tare oom`, in parts: the command line, the processes it starts, the sweep, the stacks in words, what it
 * writes. Everything that is found lies in the faults of the run that counted, as
 * layout/faults.h says: for each point a run for each mode.
 */
#ifndef TARE__OOM_H
#define TARE__OOM_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "faults.h"
#include "oom_options.h"

struct tare__oom {
    struct tare__oom_options options;
    char program[PATH_MAX];
    char library[PATH_MAX];
    int input;                 /* what each run reads as standard input; -1: this process's own */
    bool input_is_kept;        /* it was a pipe's, which can be read but once */
    int sink[2];               /* a pipe that what runs write goes into */
    struct tare__oom_log *log; /* of --resume; NULL for none */

    /* The run that counted. */
    struct tare__faults *faults;
    uint32_t point_count; /* in there; behind those are stacks of leaks */
    uint64_t unharmed_ms;
    int unharmed_status; /* as of waitpid */
    uint64_t timeout_ms;

    /* What of that is run. */
    uint32_t *chosen; /* points, by number */
    size_t chosen_count;
    size_t eligible;                         /* points that could be: before --shard and --limit */
    size_t in_shard;                         /* of those, before --limit */
    size_t apart;                            /* points of the loader, TLS and NSS */
    size_t runs_all, runs_done, runs_failed; /* for the progress; failed as far as it is known yet */
    size_t resumed;                          /* runs whose results were in the log */
    uint64_t forks_ms, starts_ms;
};

enum { TARE__OOM_VERDICTS = TARE__VERDICT_FROM_START + 1 };

/* What is wrong with it, if anything is; NONE for a mode that was not run. */
enum tare__fault_verdict tare__oom_verdict(const struct tare__oom *oom, const struct tare__fault_run *run);

/* The worst of a point's runs. */
enum tare__fault_verdict tare__oom_point_verdict(const struct tare__oom *oom, const struct tare__fault_point *point);

static inline bool tare__oom_is_bad(enum tare__fault_verdict verdict)
{
    return verdict > TARE__VERDICT_PASSED;
}

extern const char *const tare__oom_verdict_names[TARE__OOM_VERDICTS];
extern const char *const tare__oom_mode_names[TARE__FAULT_MODES];
extern const char *const tare__oom_why_texts[TARE__WHYS];
extern const char *const tare__oom_why_names[TARE__WHYS];

/* "5f0c...:once", by which it is replayed. */
#define TARE__OOM_ID_BYTES 40
void tare__oom_id(const struct tare__oom *oom, const struct tare__fault_point *point, int mode,
                  char id[TARE__OOM_ID_BYTES]);

/* Counts, chooses and runs. 0, or an exit status once it has complained. */
int tare__oom_count(struct tare__oom *oom);
int tare__oom_sweep(struct tare__oom *oom);

/* One point once more, or in gdb. Returns the exit status. */
int tare__oom_replay(struct tare__oom *oom);
int tare__oom_debug(struct tare__oom *oom);

#endif
