/* SPDX-License-Identifier: MIT */
/* By /proc/PID/maps: it names the store as long as the process uses it, also
 * when the file is deleted, and is empty for a zombie. */
#include "running.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "low-high rights offset device inode path" */
static bool is_of_file(const char *line, const char *file_name, uint64_t inode)
{
    uint64_t number;
    const char *at = strstr(line, file_name);
    return at != NULL && at > line && at[-1] == '/' && sscanf(line, "%*s %*s %*s %*s %" SCNu64, &number) == 1 &&
           number == inode;
}

static bool names_file(FILE *maps, const char *file_name, uint64_t inode)
{
    char *line = NULL;
    size_t size = 0;
    bool found = false;
    while (!found && getline(&line, &size, maps) >= 0)
        found = is_of_file(line, file_name, inode);
    free(line);
    return found;
}

bool tare__is_running(int pid, const char *file_name, uint64_t inode)
{
    if (pid <= 0 || (kill(pid, 0) != 0 && errno == ESRCH))
        return false;
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/maps", pid);
    FILE *maps = fopen(path, "re");
    if (maps == NULL)
        return errno != ENOENT && errno != ESRCH;
    bool found = names_file(maps, file_name, inode);
    fclose(maps);
    return found;
}
