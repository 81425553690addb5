/* SPDX-License-Identifier: MIT */
/*
 * What scopes must say of calls, found in the plainest way: every scope has every
 * figure of every stack, and when its net rises above its peak, what each stack
 * holds is written down. Calls come one after the other, whatever thread makes them.
 */
#ifndef MODEL_H
#define MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include <tare/tare.h>

#include "known_stacks.h"

enum { MODEL_SCOPES = 8, MODEL_THREADS = KNOWN_ROOTS };

/* Of a call from a stack that counts where nothing collects sites. */
#define MODEL_NO_STACK KNOWN_STACKS

struct model_figures {
    int64_t allocations, bytes_allocated, reallocations, temporary, live_blocks, live_bytes, peak_blocks, peak_bytes;
};

struct model_scope {
    tare_scope *handle; /* NULL while it is closed */
    tare_domain domain;
    bool sites;
    uint32_t era; /* another one at each opening and reset */
    unsigned entered[MODEL_THREADS];
    int64_t net;
    tare_stats stats;
    struct model_figures of[KNOWN_STACKS + 1];
};

/* The scopes that a thread's calls count for, in the order in which it came to them. */
struct model_set {
    unsigned count;
    uint32_t eras[MODEL_SCOPES];
};

struct model_block {
    void *address;
    size_t size;
    unsigned stack;
    struct model_set born;
};

extern struct model_scope model_scopes[MODEL_SCOPES];

void model_opened(struct model_scope *scope, tare_scope *handle, tare_domain domain, bool sites);
void model_reset(struct model_scope *scope);
void model_closed(struct model_scope *scope);
void model_entered(struct model_scope *scope, unsigned thread);
void model_left(struct model_scope *scope, unsigned thread);
void model_forked(void); /* in the child */

/* block->address, size and stack of what was made; before the call, what is to end. */
void model_made(unsigned thread, struct model_block *block);
void model_ended(unsigned thread, const struct model_block *block, bool by_free);
void model_resized(unsigned thread, struct model_block *block, unsigned by, void *address, size_t size);

#endif
