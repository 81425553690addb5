/* SPDX-License-Identifier: MIT */
/* Where a protobuf message is damaged: protobuf-c tells only that it is. */
#ifndef TARE__PPROF_SCAN_H
#define TARE__PPROF_SCAN_H

#include <stdbool.h>
#include <stddef.h>

struct tare__damage {
    size_t offset;
    const char *what;
};

/* Whether all of it is a profile's fields, each of its type. */
bool tare__pprof_scan(const char *bytes, size_t size, struct tare__damage *damage);

#endif
