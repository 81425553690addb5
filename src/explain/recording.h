/* SPDX-License-Identifier: MIT */
/* Reads what the processes of a run recorded, each into a file of one directory, and
 * what was saved. A file is trusted in nothing: it may be foreign, cut off,
 * damaged or of another version. */
#ifndef TARE__RECORDING_H
#define TARE__RECORDING_H

#include "snapshot.h"

/* Can a process record into this directory? 0, or the errno that says why not. */
int tare__recording_probe(const char *directory);

/* Whether a file that begins with these bytes says that it is a record. */
bool tare__recording_begins(const void *bytes, size_t size);

/*
 * Fills in what the stores know: processes, main and refused_*. The main
 * process is the last image of main_pid; images that did nothing but exec are
 * left out. Files that are no whole store of this version are counted as
 * refused, with a reason.
 *
 * Returns 0, ENOENT when main_pid recorded nothing, or another errno. Free the
 * snapshot with tare__snapshot_free() in every case.
 */
int tare__recording_read(const char *directory, int main_pid, struct tare__snapshot *snapshot);

/* One saved file, of a run or of a scope; its process may still write it. 0, or an errno
 * with its reason in words: what is wrong, and where. EBADMSG is a file that is
 * no whole record of this version. Free the snapshot in every case. */
int tare__recording_read_file(const char *path, struct tare__snapshot *snapshot, char *reason, size_t size);

/* The same of a saved file or of a directory with the files of a whole run, copied or
 * still written. There the process that started first is the main one, and files
 * that can't be read are counted as refused, unless all are. */
int tare__recording_read_path(const char *path, struct tare__snapshot *snapshot, char *reason, size_t size);

#endif
