/* SPDX-License-Identifier: MIT */
/* What a command writes: whole to a file or not at all, or to standard output. */
#ifndef TARE__DELIVERY_H
#define TARE__DELIVERY_H

#include "output.h"

struct tare__delivery {
    const char *command;
    const char *path; /* NULL for stdout */
    struct tare__output output;
};

/* Makes sure that it can be written. Returns 0, or the exit status once it has complained. */
int tare__delivery_open(struct tare__delivery *delivery, const char *command, const char *path);

/* Where status is 0, calls write, which returns 0 or an errno, and delivers; else leaves
 * everything as it was. Returns that status, or another once it has complained. */
int tare__delivery_close(struct tare__delivery *delivery, int status, int (*write)(const void *context, FILE *out),
                         const void *context);

#endif
