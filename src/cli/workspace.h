/* SPDX-License-Identifier: MIT */
/* The directory that a run's processes record into, for as long as the run. */
#ifndef TARE__WORKSPACE_H
#define TARE__WORKSPACE_H

#include <limits.h>

struct tare__workspace {
    char path[PATH_MAX]; /* absolute: the program may change its directory */
};

/* In $TMPDIR or /tmp. Returns 0 or an errno; workspace->path is then the
 * directory that was tried. */
int tare__workspace_make(struct tare__workspace *workspace);

/* With everything in it. */
void tare__workspace_remove(const struct tare__workspace *workspace);

#endif
