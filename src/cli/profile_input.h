/* SPDX-License-Identifier: MIT */
/* A profile from whatever a command is given: a record of tare, or a file of another tool. */
#ifndef TARE__PROFILE_INPUT_H
#define TARE__PROFILE_INPUT_H

#include "profile.h"
#include "read.h"
#include "report.h"
#include "snapshot.h"

struct tare__profile_source {
    struct tare__profile profile;
    struct tare__snapshot snapshot; /* empty unless it was a record */
};

/*
 * "-" is standard input. By that reader, or by what the content says where it is NULL: a
 * record gives its main process, with symbols. Returns 0, or the exit status once it has
 * complained; free the source in either case.
 */
int tare__profile_open(const char *command, const char *path, const struct tare__profile_reader *reader,
                       struct tare__profile_source *source);
void tare__profile_close(struct tare__profile_source *source);

/* Whether that format can be written from it; 0, or the exit status once it has complained. */
int tare__profile_check(const char *command, const struct tare__format *format, const struct tare__profile *profile);

/* For --help. */
void tare__print_readers(void);

#endif
