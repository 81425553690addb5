/* SPDX-License-Identifier: MIT */
/* A process that is recorded has its store mapped, and /proc/PID/maps names it. */
#include "find_store.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SUFFIX ".tare"

/* "low-high rights offset device inode path": the path of a shared mapping of a store. */
static const char *store_in(char *line)
{
    line[strcspn(line, "\n")] = '\0';
    char *path = strchr(line, '/');
    size_t length = strlen(line);
    bool is_shared = path != NULL && strchr(line, 's') != NULL && strchr(line, 's') < path;
    if (!is_shared || length < sizeof SUFFIX - 1 || strcmp(line + length - (sizeof SUFFIX - 1), SUFFIX) != 0)
        return NULL;
    return path;
}

static bool find_in(FILE *maps, char *path, size_t size)
{
    char *line = NULL;
    size_t line_size = 0;
    bool found = false;
    while (!found && getline(&line, &line_size, maps) >= 0) {
        const char *store = store_in(line);
        found = store != NULL && (size_t)snprintf(path, size, "%s", store) < size;
    }
    free(line);
    return found;
}

static int find_of(int pid, char *path, size_t size)
{
    char name[64];
    snprintf(name, sizeof name, "/proc/%d/maps", pid);
    FILE *maps = fopen(name, "re");
    if (maps == NULL)
        return errno == ENOENT ? ESRCH : errno;
    errno = 0;
    bool found = find_in(maps, path, size);
    int error = found ? 0 : errno == ESRCH || errno == EACCES || errno == EPERM ? errno : ENOENT;
    fclose(maps);
    return error;
}

/* The first of its children that is recorded. */
static int find_of_children(int pid, char *path, size_t size)
{
    char name[64];
    int child, error = ENOENT;
    snprintf(name, sizeof name, "/proc/%d/task/%d/children", pid, pid);
    FILE *children = fopen(name, "re");
    while (children != NULL && error != 0 && fscanf(children, "%d", &child) == 1)
        error = find_of(child, path, size);
    if (children != NULL)
        fclose(children);
    return error == 0 ? 0 : ENOENT;
}

int tare__find_store(int pid, char *path, size_t path_size, char *reason, size_t size)
{
    int error = find_of(pid, path, path_size);
    if (error == ENOENT)
        error = find_of_children(pid, path, path_size);
    if (error == ESRCH)
        snprintf(reason, size, "there is no such process");
    else if (error == ENOENT)
        snprintf(reason, size, "it is not recorded: only what 'tare run' started is");
    else if (error != 0)
        snprintf(reason, size, "can't look into it: %s", strerror(error));
    return error;
}
