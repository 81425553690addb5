/* SPDX-License-Identifier: MIT */
/* Flame graphs: a profile's stacks as one SVG file, or what changed from one to another. */
#ifndef TARE__FLAME_H
#define TARE__FLAME_H

#include <stdio.h>

#include "profile.h"

struct tare__process;

struct tare__flame_request {
    const struct tare__profile *profile;
    size_t type;                              /* what is drawn; of a difference how it was before */
    bool upward;                              /* the outermost function at the bottom */
    const struct tare__process *processes[2]; /* whose inexactness is told; NULL for none */
    bool difference;                          /* ... and after is this: */
    size_t after;                             /* type */
    const char *meaning;                      /* of both, "bytes allocated", ... */
    const char *unit;                         /* "byte", */
    const char *sources[2];                   /* and where each is from; texts not owned */
};

/* 0, ENOMEM or EOVERFLOW. */
int tare__flame_write(const struct tare__flame_request *request, FILE *out);

#endif
