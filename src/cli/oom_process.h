/* SPDX-License-Identifier: MIT */
/* A process that is run with a plan: its faults in memory that it shares with this one, its output into
 * the sink, no randomness of addresses. It ends when this one does. */
#ifndef TARE__OOM_PROCESS_H
#define TARE__OOM_PROCESS_H

#include "oom.h"

struct tare__oom_process {
    struct tare__faults *faults; /* NULL: not made */
    int file;                    /* of those */

    int pid; /* 0: none runs */
    int watch;
    uint64_t start_ms;
    uint64_t deadline_ms; /* 0 for none */

    /* Of one that has ended: */
    int status;
    uint64_t ms;
    bool was_killed; /* for the time it took */

    /* For whoever started it: */
    uint32_t point;
    int mode;
    size_t done;
};

/* Zeroed faults with a plan that fails nothing. 0 or an errno. Reset makes them so again. */
int tare__oom_process_make(struct tare__oom_process *process, const struct tare__oom *oom);
int tare__oom_process_reset(struct tare__oom_process *process, const struct tare__oom *oom);
void tare__oom_process_free(struct tare__oom_process *process);

/* Starts it. interactive: with this process's own input and output. 0 or an errno. */
int tare__oom_process_start(struct tare__oom_process *process, const struct tare__oom *oom, bool interactive);

/* Waits a moment, or until one has ended: that one, or NULL. Takes what the sink holds meanwhile. */
struct tare__oom_process *tare__oom_wait(struct tare__oom_process *processes, size_t count,
                                         const struct tare__oom *oom);

/* In the environment of a process to come: the library, and where the faults lie. 0 or an errno. */
int tare__oom_faults_path(const struct tare__oom_process *process, char *path, size_t size);

uint64_t tare__oom_now_ms(void);

#endif
