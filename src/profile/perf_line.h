/* SPDX-License-Identifier: MIT */
/* The lines that perf script prints, taken apart: parts of them, not copies. */
#ifndef TARE__PERF_LINE_H
#define TARE__PERF_LINE_H

#include "readers.h"

struct tare__span {
    const char *start, *end;
};

bool tare__span_is_empty(struct tare__span span);
bool tare__span_is(struct tare__span span, const char *text);

struct tare__perf_event {
    struct tare__span command, name, fields;
    uint64_t pid;
    bool has_pid;
};

struct tare__perf_frame {
    uint64_t address;
    struct tare__span symbol, object; /* "[unknown]"; the object of what is inlined is "inlined" */
};

/* Each is false for a line that is no such line. */
bool tare__perf_event(const struct tare__lines *lines, struct tare__perf_event *event);
bool tare__perf_frame(const struct tare__lines *lines, struct tare__perf_frame *frame);

/* The size that the event shows, if it does: perf knows of probes only names and numbers. Sizes are told by
 * a table of tare's own, or by a field that is called bytes or size. */
bool tare__perf_bytes(const struct tare__perf_event *event, uint64_t *bytes);

#endif
