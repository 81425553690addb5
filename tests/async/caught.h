/* SPDX-License-Identifier: MIT */
/* A failure handler that keeps what it was told last. */
#ifndef CAUGHT_H
#define CAUGHT_H

#include <stdio.h>
#include <tare/tare.h>

#include "check.h"

static int caught_error;
static char caught_message[1024];

static void catch_failure(const tare_failure *failure, void *unused)
{
    (void)unused;
    caught_error = failure->error;
    snprintf(caught_message, sizeof caught_message, "%s", failure->message);
}

static inline void catch_failures(void)
{
    tare_set_failure_handler(catch_failure, NULL, NULL, NULL);
}

/* CHECK_FAILS(call, error): that it returns the error, after telling of it. */
#define CHECK_FAILS(call, error)                                                                                       \
    do {                                                                                                               \
        caught_error = 0;                                                                                              \
        CHECK_EQUAL(call, error);                                                                                      \
        CHECK_EQUAL(caught_error, error);                                                                              \
    } while (0)

#endif
