/* SPDX-License-Identifier: MIT */
/* How much memory the process has in use, asked without allocating. 0 where a
 * sanitizer takes most of it. */
#ifndef RESIDENT_H
#define RESIDENT_H

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"

static inline size_t resident_bytes(void)
{
    if (CHECK_SANITIZED)
        return 0;
    char text[128] = "";
    int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    ssize_t length = file >= 0 ? read(file, text, sizeof text - 1) : -1;
    if (file >= 0)
        close(file);
    char *at = text;
    if (length <= 0 || strtoul(at, &at, 10) == 0)
        return 0;
    return strtoul(at, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE);
}

#endif
