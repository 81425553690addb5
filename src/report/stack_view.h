/* SPDX-License-Identifier: MIT */
/*
 * A call stack as people want to read it: from the innermost frame of their own
 * code out. What is not theirs is hidden: tare, the helpers through which C++ and
 * Rust allocate, the test framework, what calls main.
 */
#ifndef TARE__STACK_VIEW_H
#define TARE__STACK_VIEW_H

#include "snapshot.h"

/* One place; a frame has several where functions were inlined. */
struct tare__stack_line {
    const struct tare__snapshot_frame *frame;
    const struct tare__snapshot_module *module; /* NULL for none */
    const struct tare__place *place;            /* NULL where nothing is known but the address */
    bool hidden;
    bool truncated; /* no frame: the callers are missing. frame->address says why */
};

struct tare__stack_view {
    const struct tare__origins *origins;
    uint32_t frame; /* the next one's; 0 after the last */
    uint32_t place; /* of that frame */
    bool bottom;    /* what came last is where a thread or a process begins */
    bool inside;    /* still among the innermost frames, where allocation helpers are hidden */
    bool show_all;  /* nothing would be left */
};

/* The stack whose innermost frame this is; 0 has no line. Each _next fills in a line
 * and returns true, or false after the outermost. */
struct tare__stack_view tare__stack_view(const struct tare__origins *origins, uint32_t stack);
bool tare__stack_view_next(struct tare__stack_view *view, struct tare__stack_line *line);

/* In libc, or in the loader. */
bool tare__stack_line_is_libc(const struct tare__stack_line *line);

/* Why callers are missing, from a truncated line: "no unwind tables". */
const char *tare__truncation_text(uint64_t reason);

/* Which pool of the runtime that nobody frees a block from this stack is in, as
 * "stdio"; NULL for none. */
const char *tare__stack_pool(const struct tare__origins *origins, uint32_t stack);

/* The same of a site, which the C++ runtime's own may be. */
const char *tare__site_pool(const struct tare__origins *origins, const struct tare__snapshot_site *site);

#endif
