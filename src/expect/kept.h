/* SPDX-License-Identifier: MIT */
/* The file into which a scope that fails is saved: the user's, to be looked at later, or
 * only until it has been explained. */
#ifndef TARE__KEPT_H
#define TARE__KEPT_H

#include <stdbool.h>

#include "text.h"

#define TARE__KEPT_PATH_BYTES 512
#define TARE__KEPT_MAX 10u /* files of one process */

struct tare__kept {
    char path[TARE__KEPT_PATH_BYTES];
    bool temporary;

    /* Where it was to be, and why it is not; 0 for no reason. */
    char refused[TARE__KEPT_PATH_BYTES];
    int refused_error;

    unsigned place; /* of those that are tried, the present one */
    bool full;      /* this process has kept as many as it may */
};

/* The path to write to: a first time with error 0, then as often as that fails, with
 * the errno that says why. NULL when all places have been tried. Calls the
 * system and nothing else: it is called under tare's lock. */
const char *tare__kept_path(struct tare__kept *kept, int error);

/* After it has been written and explained: it stays, unless it was temporary; or it is
 * not needed after all. */
void tare__kept_done(const struct tare__kept *kept);
void tare__kept_drop(const struct tare__kept *kept);

/* "saved: ..." or why not. */
void tare__kept_say(struct tare__text *text, const struct tare__kept *kept);

#endif
