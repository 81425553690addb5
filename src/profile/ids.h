/* SPDX-License-Identifier: MIT */
/* Numbers by which a file refers to its parts, any but 0, each once. */
#ifndef TARE__IDS_H
#define TARE__IDS_H

#include "read.h"
#include "table.h"

struct tare__ids {
    const char *what; /* they are of, for messages */
    struct tare__table table;
    uint64_t *all;
    size_t count;
};

/* Its index: parts are added in their order. TARE__NONE for one that is not there. */
uint32_t tare__ids_find(const struct tare__ids *ids, uint64_t id);

/* 0, ENOMEM, or EBADMSG for one that is 0 or there already. */
int tare__ids_add(const struct tare__profile_input *input, struct tare__ids *ids, uint64_t id);
void tare__ids_free(struct tare__ids *ids);

#endif
