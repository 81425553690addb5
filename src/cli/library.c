/* SPDX-License-Identifier: MIT */
/* Relative to ourselves and not by a path fixed at build time, so that an
 * installed tree may be moved. */
#include "library.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIBRARY_NAME "libtare.so"

/* TARE_LIBRARY_DIRECTORY: from the directory of programs to that of libraries. */
static const char *const places[] = {
    LIBRARY_NAME, TARE_LIBRARY_DIRECTORY "/" LIBRARY_NAME,
    TARE_LIBRARY_DIRECTORY "/" LIBRARY_NAME "." TARE_LIBRARY_VERSION, /* without the development files */
};

static bool own_directory(char *path, size_t size)
{
    ssize_t length = readlink("/proc/self/exe", path, size - 1);
    if (length <= 0)
        return false;
    path[length] = '\0';
    char *slash = strrchr(path, '/');
    if (slash == NULL)
        return false;
    *slash = '\0';
    return true;
}

bool tare__library_find(char *path, size_t size)
{
    char directory[PATH_MAX], candidate[2 * PATH_MAX], found[PATH_MAX];
    snprintf(path, size, "%s", TARE_LIBRARY_DIRECTORY "/" LIBRARY_NAME);
    if (!own_directory(directory, sizeof directory))
        return false;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        snprintf(candidate, sizeof candidate, "%s/%s", directory, places[i]);
        if (access(candidate, R_OK) != 0)
            continue;
        /* A link resolves to libtare.so.0.1.0, which starts with the name that capture looks for. */
        snprintf(path, size, "%s", realpath(candidate, found) != NULL ? found : candidate);
        return true;
    }
    snprintf(path, size, "%s/%s", directory, places[1]);
    return false;
}

bool tare__library_can_preload(const char *path)
{
    return strpbrk(path, ": \t\n") == NULL;
}

int tare__library_preload(const char *path)
{
    if (!tare__library_can_preload(path))
        return EINVAL;
    const char *others = getenv("LD_PRELOAD");
    if (others == NULL || *others == '\0')
        return setenv("LD_PRELOAD", path, 1) == 0 ? 0 : errno;
    char *list = NULL;
    if (asprintf(&list, "%s:%s", path, others) < 0)
        return ENOMEM;
    int error = setenv("LD_PRELOAD", list, 1) == 0 ? 0 : errno;
    free(list);
    return error;
}
