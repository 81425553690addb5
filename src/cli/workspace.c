/* SPDX-License-Identifier: MIT */
/* mkdtemp() keeps others out: what a program allocates is its user's business. */
#include "workspace.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int tare__workspace_make(struct tare__workspace *workspace)
{
    const char *parent = getenv("TMPDIR");
    if (parent == NULL || *parent == '\0')
        parent = "/tmp";
    char absolute[PATH_MAX];
    snprintf(workspace->path, sizeof workspace->path, "%s", parent);
    if (realpath(parent, absolute) == NULL)
        return errno;
    int length = snprintf(workspace->path, sizeof workspace->path, "%s/tare-XXXXXX", absolute);
    if (length < 0 || (size_t)length >= sizeof workspace->path)
        return ENAMETOOLONG;
    if (mkdtemp(workspace->path) != NULL)
        return 0;
    int error = errno;
    strcpy(workspace->path, absolute);
    return error;
}

static void empty(const char *path)
{
    DIR *directory = opendir(path);
    if (directory == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlinkat(dirfd(directory), entry->d_name, 0);
    closedir(directory);
}

/* Children that outlive the program may begin a record in between. Once the
 * directory is gone they can't. */
void tare__workspace_remove(const struct tare__workspace *workspace)
{
    enum { TRIES = 100 };
    for (int i = 0; i < TRIES; i++) {
        empty(workspace->path);
        if (rmdir(workspace->path) == 0 || (errno != ENOTEMPTY && errno != EEXIST))
            return;
    }
}
