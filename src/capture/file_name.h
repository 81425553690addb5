/* SPDX-License-Identifier: MIT */
#ifndef TARE__FILE_NAME_H
#define TARE__FILE_NAME_H

#include <string.h>

/* What of a path stands behind its last slash. */
static inline const char *tare__file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

#endif
