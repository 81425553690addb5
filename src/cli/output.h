/* SPDX-License-Identifier: MIT */
/* A file that is either written whole or not at all. */
#ifndef TARE__OUTPUT_H
#define TARE__OUTPUT_H

#include <limits.h>
#include <stdio.h>

struct tare__output {
    FILE *file;
    char path[PATH_MAX];      /* where it goes */
    char temporary[PATH_MAX]; /* where it is until then; empty for what can't be replaced, like /dev/null */
};

/*
 * Makes sure now that the file can be written later: a new file beside it, or
 * the thing itself where it is a pipe, a device, or a file that this process has
 * open for the program as well, like /dev/stdout. Returns 0 or an errno.
 * Then write, and either commit (0 or an errno; nothing is left behind on
 * failure) or discard.
 */
int tare__output_open(struct tare__output *output, const char *path);
int tare__output_commit(struct tare__output *output);
void tare__output_discard(struct tare__output *output);

#endif
