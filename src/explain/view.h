/* SPDX-License-Identifier: MIT */
/* A store file, mapped to be read. */
#ifndef TARE__VIEW_H
#define TARE__VIEW_H

#include "store.h"

#include <stddef.h>

struct tare__view {
    const struct tare__store *store; /* NULL where it can't be opened */
    size_t bytes;
};

/* A file of an open directory. */
struct tare__view tare__view_open(int directory, const char *name);
void tare__view_close(struct tare__view view);

/* Why it can't be read as a store of this version; NULL where it can. Look at
 * nothing else in it before. */
const char *tare__view_refusal(struct tare__view view);

#endif
