/* SPDX-License-Identifier: MIT */
/*
 * Reports: each a pure function from a snapshot to bytes, a file each, all in
 * one table. A new format is its file and a line in the table.
 */
#ifndef TARE__REPORT_H
#define TARE__REPORT_H

#include <stdio.h>

#include "snapshot.h"

struct tare__format {
    const char *name;
    const char *meaning;
    /* Writes the whole report. The caller looks at ferror(). Returns 0, or
     * ENOMEM where the report could not be built. */
    int (*write)(const struct tare__snapshot *snapshot, FILE *out);
};

extern const struct tare__format tare__formats[];
extern const size_t tare__format_count;

const struct tare__format *tare__format_named(const char *name);

/* What failed, as a table like that of the library's failed expectations. */
void tare__report_failures(const struct tare__snapshot *snapshot, FILE *out);

#endif
