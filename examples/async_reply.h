/* SPDX-License-Identifier: MIT */
/* Under test in the examples of event loops: a reply that comes in parts, and so
 * grows while others come in between. */
#ifndef ASYNC_REPLY_H
#define ASYNC_REPLY_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tare/tare.h>

struct reply {
    char *text;
    size_t length;
};

/* One more part of this many bytes. */
static inline void reply_receive(struct reply *reply, size_t bytes)
{
    char *grown = realloc(reply->text, reply->length + bytes + 1);
    if (grown == NULL)
        return;
    memset(grown + reply->length, 'x', bytes);
    reply->text = grown;
    reply->length += bytes;
    reply->text[reply->length] = '\0';
}

static inline void reply_free(struct reply *reply)
{
    free(reply->text);
}

static inline void show(const char *name, const tare_stats *stats)
{
    printf("%s: %d allocations, %d reallocations, %d bytes, %d at the peak, %d leaked\n", name, (int)stats->allocations,
           (int)stats->reallocations, (int)stats->bytes_allocated, (int)stats->peak_bytes, (int)stats->leaked_bytes);
}

#endif
