/* SPDX-License-Identifier: MIT */
/*
 * Profiles from files of other tools: a reader each, all in one table. What is read is
 * trusted in nothing: every number and index is checked, and what is wrong is said with
 * its line or offset.
 */
#ifndef TARE__READ_H
#define TARE__READ_H

#include "profile.h"

struct tare__profile_input {
    const char *bytes; /* a NUL stands behind the last */
    size_t size;
    char *reason; /* room for why it can't be read */
    size_t reason_size;
};

struct tare__profile_reader {
    const char *name;
    const char *meaning;
    bool (*recognise)(const char *bytes, size_t size);
    /* Makes the profile, which is to be freed in either case. 0, ENOMEM or EBADMSG with
     * its reason. */
    int (*read)(const struct tare__profile_input *input, struct tare__profile *profile);
};

/* A file is of the first that recognises it. */
extern const struct tare__profile_reader tare__profile_readers[];
extern const size_t tare__profile_reader_count;

const struct tare__profile_reader *tare__profile_reader_named(const char *name);

/* By that reader, or by the first that recognises it where it is NULL. What gzip made is unpacked
 * before. The same errors. */
int tare__profile_read(const struct tare__profile_reader *reader, const struct tare__profile_input *input,
                       struct tare__profile *profile);

/* For readers: writes the reason, and returns EBADMSG. */
__attribute__((format(printf, 2, 3))) int tare__profile_refuse(const struct tare__profile_input *input,
                                                               const char *format, ...);

#endif
