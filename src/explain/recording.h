/* SPDX-License-Identifier: MIT */
/* Reads what the processes of a run recorded, each into a file of one
 * directory. */
#ifndef TARE__RECORDING_H
#define TARE__RECORDING_H

#include "snapshot.h"

/* Can a process record into this directory? 0, or the errno that says why not. */
int tare__recording_probe(const char *directory);

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

#endif
