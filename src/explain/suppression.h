/* SPDX-License-Identifier: MIT */
/*
 * Leaks that are known and do not count, in the syntax of LeakSanitizer:
 *
 *     # a comment
 *     leak:PATTERN
 *
 * A leak is suppressed where the pattern is found in the name of a function, in the
 * path of a source file or of a module anywhere in its stack. '*' in it stands for
 * anything, '^' before it for the name's beginning, '$' behind it for the end.
 */
#ifndef TARE__SUPPRESSION_H
#define TARE__SUPPRESSION_H

#include "snapshot.h"

struct tare__suppressions {
    struct tare__suppression *all; /* owned */
    size_t count;
};

struct tare__suppression_error {
    size_t line;          /* from 1; 0 where the file itself is the problem */
    const char *expected; /* what should stand there */
};

/* Adds those of a file, or of a text with any number of lines. 0, EINVAL with *error
 * filled in for a line that is none, or another errno. Those before it have been added. */
int tare__suppressions_read(struct tare__suppressions *suppressions, const char *path,
                            struct tare__suppression_error *error);
int tare__suppressions_add(struct tare__suppressions *suppressions, const char *text, size_t length,
                           struct tare__suppression_error *error);
void tare__suppressions_free(struct tare__suppressions *suppressions);

/*
 * Marks the sites of symbolized stacks whose leaks are suppressed, and takes those off
 * the process's leaked_allocations and leaked_bytes. Once for a process; the
 * suppressions must live as long as it. 0 or ENOMEM.
 */
int tare__suppress(const struct tare__suppressions *suppressions, struct tare__process *process);

/* What was taken off. */
void tare__suppressed(const struct tare__process *process, int64_t *blocks, int64_t *bytes);

#endif
