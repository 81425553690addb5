/* SPDX-License-Identifier: MIT */
/* Starts the program and waits for its end, out of its way. */
#ifndef TARE__LAUNCH_H
#define TARE__LAUNCH_H

#include <signal.h>
#include <stdbool.h>

struct tare__launch {
    char **arguments;      /* ends with NULL; the first is looked up in PATH */
    const char *library;   /* to preload; NULL: the environment stays as it is, whatever follows */
    const char *directory; /* to record into */
    bool follow;           /* record its children too */
    const char *depth;     /* of call stacks, and how they are found; NULL for what the */
    const char *unwind;    /* library does by itself */
    bool sites;            /* record call stacks at all */
    const sigset_t *mask;  /* of its signals, where the caller has blocked some; NULL: as they are */

    /* Filled in: */
    int pid;
    int exit_status;
    int signal; /* what killed it; 0 for nothing */
};

/*
 * Returns 0 once the program has run and ended, else the errno that kept it
 * from running. SIGINT and SIGQUIT, which a terminal sends to the program as
 * well, are ignored meanwhile; SIGTERM and SIGHUP are passed on to it.
 */
int tare__launch(struct tare__launch *launch);

#endif
