/* SPDX-License-Identifier: MIT */
/* perf, as tare trace uses it. */
#ifndef TARE__TRACE_PERF_H
#define TARE__TRACE_PERF_H

#include <signal.h>
#include <stdint.h>

#include "uprobe.h"

struct tare__trace_record {
    const char *data; /* perf.data */
    const struct tare__uprobe *uprobe;
    const char *stack_bytes; /* of each event */
    char **arguments;        /* of the program */
    const char *library;     /* to preload into the program; NULL for none */
    const char *directory;   /* where it records, so that the run is a scope; NULL for none */
    const sigset_t *mask;    /* of its signals */

    /* Filled in: */
    int exit_status;
    int signal; /* what killed it; 0 for nothing */
};

/* Runs the program under perf record. 0 or an errno. perf says itself what it can't do. */
int tare__trace_record(struct tare__trace_record *record);

/* Writes what perf script prints of it to the file, without what perf says of lost records: those are
 * summed. They are events, and now and then one of perf's own about a mapping: perf and the kernel
 * don't tell them apart. The event is named as perf names a probe. 0 or an errno. */
int tare__trace_script(const struct tare__trace_record *record, const char *path, uint64_t *lost);

#endif
