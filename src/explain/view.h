/* SPDX-License-Identifier: MIT */
/*
 * A store file, open to be read. It is copied from, not mapped: who maps a file
 * that someone makes shorter, or whose disk fails, is killed by SIGBUS.
 */
#ifndef TARE__VIEW_H
#define TARE__VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "refusal.h"
#include "store.h"

struct tare__view {
    int file; /* -1 where it can't be opened */
    uint64_t bytes;
    uint64_t inode;
};

/* The flags go to open() besides those to read with. Check view.file: what is no
 * regular file, or an empty one, is not opened, and errno says why. */
struct tare__view tare__view_open(int directory, const char *name, int flags);
void tare__view_close(struct tare__view *view);

/* Whether all of it is there. What was copied by an earlier call had been written
 * when this one began to read. */
bool tare__view_copy(const struct tare__view *view, uint64_t offset, void *into, size_t bytes);

/* Whether the file reaches so far; a store that is written grows. */
bool tare__view_reaches(struct tare__view *view, uint64_t bytes);

/* All of the store before its slots; the rest of it stays as it is. 0, or an error with
 * its reason. Looks at no more than it takes to tell that it is one of this version. */
int tare__view_header(struct tare__view *view, struct tare__store *store, struct tare__refusal *refusal);

#endif
