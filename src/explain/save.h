/* SPDX-License-Identifier: MIT */
/* Keeps what the processes of a run recorded: copies without the room that was
 * reserved and not used. */
#ifndef TARE__SAVE_H
#define TARE__SAVE_H

#include <stddef.h>

#include "snapshot.h"

/* Could a recording be saved here? 0, or an errno with its reason in words. */
int tare__recording_may_save(const char *path, char *reason, size_t size);

/*
 * Saves the records of a directory that the snapshot was read from: as a file where
 * that is one process, as a directory of files where it is more. Made beside and then
 * renamed; a recording that stood there before is replaced, and nothing else is. 0,
 * or an errno with its reason in words.
 */
int tare__recording_save(const char *directory, const struct tare__snapshot *snapshot, const char *path, char *reason,
                         size_t size);

#endif
