/* SPDX-License-Identifier: MIT */
/* Failures that a test expects: the handler keeps the last one. */
#ifndef CAUGHT_H
#define CAUGHT_H

#include <stdlib.h>
#include <string.h>
#include <tare/fault.h>

static struct {
    unsigned count;
    int error;
    int line;
    char message[1 << 16];
} caught;

static inline void catch_failure(const tare_failure *failure, void *context)
{
    (void)context;
    caught.count++;
    caught.error = failure->error;
    caught.line = failure->line;
    size_t length = strlen(failure->message);
    if (length >= sizeof caught.message)
        length = sizeof caught.message - 1;
    memcpy(caught.message, failure->message, length);
    caught.message[length] = '\0';
}

static inline void catch_failures(void)
{
    tare_set_failure_handler(catch_failure, NULL, NULL, NULL);
}

static inline unsigned caught_since(unsigned *before)
{
    unsigned since = caught.count - *before;
    *before = caught.count;
    return since;
}

#endif
