/* SPDX-License-Identifier: MIT */
/* Where the figures of a failed expectation came from, as text. */
#ifndef TARE__EXPLAIN_H
#define TARE__EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tare/tare.h>

#include "text.h"

/* Lines, each ending in a newline; in memory of the system's. */
struct tare__explained {
    char *text; /* NULL for none */
    size_t bytes;
    size_t length;
};
void tare__explained_free(struct tare__explained *explained);

struct tare__explain_request {
    const char *path; /* of the saved scope */
    bool leaks;       /* have to be looked at: known ones are suppressed */
    uint32_t forbidden;
    /* Which statistics are violated, bits of explaining.h; told them less what is suppressed. */
    uint32_t (*violated)(const tare_stats *stats, void *context);
    void *context;
    uint32_t violated_at_first;
};

/* By libtare-explain.so, else by what is known without. */
struct tare__explained tare__explain_scope(const struct tare__explain_request *request);

/* A call stack, return addresses with the innermost first: one line a frame. 0 between two
 * stacks makes an empty line. False where there are neither functions nor lines in it, but for those that the loader
 * knows. */
bool tare__explain_stack(struct tare__text *text, const uintptr_t *addresses, uint32_t count);

/* Where the functions are whose names are like this, for arming->ranges. False where there is none, or it
 * can't be told. */
struct tare__arming;
bool tare__explain_functions(const char *pattern, struct tare__arming *arming);

#endif
