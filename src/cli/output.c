/* SPDX-License-Identifier: MIT */
/* Written beside, then renamed: who reads the file sees the old one or the new
 * one, never half of one. */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file keeps its mode; a new one gets the usual one. */
static mode_t mode_of(const struct stat *status)
{
    if (status != NULL)
        return status->st_mode & 07777;
    mode_t mask = umask(0);
    umask(mask);
    return 0666 & ~mask;
}

static int stream(struct tare__output *output, int descriptor)
{
    if (descriptor < 0)
        return errno;
    output->file = fdopen(descriptor, "w");
    if (output->file != NULL)
        return 0;
    int error = errno;
    close(descriptor);
    return error;
}

/* What a shell's redirections have open already is written where they stand:
 * replaced, it would take along what the program wrote to it. */
static int already_open(const struct stat *status)
{
    enum { LAST_OF_A_SHELL = 9 };
    struct stat open;
    for (int descriptor = STDOUT_FILENO; descriptor <= LAST_OF_A_SHELL; descriptor++)
        if (fstat(descriptor, &open) == 0 && open.st_dev == status->st_dev && open.st_ino == status->st_ino &&
            (fcntl(descriptor, F_GETFL) & O_ACCMODE) != O_RDONLY)
            return descriptor;
    return -1;
}

static int open_again(struct tare__output *output, int descriptor)
{
    output->temporary[0] = '\0';
    return stream(output, fcntl(descriptor, F_DUPFD_CLOEXEC, 0));
}

static int open_in_place(struct tare__output *output)
{
    output->temporary[0] = '\0';
    return stream(output, open(output->path, O_WRONLY | O_CLOEXEC | O_NOCTTY));
}

static int open_beside(struct tare__output *output, const struct stat *old)
{
    if (old != NULL && access(output->path, W_OK) != 0)
        return errno;
    int length = snprintf(output->temporary, sizeof output->temporary, "%s.XXXXXX", output->path);
    if (length < 0 || (size_t)length >= sizeof output->temporary)
        return ENAMETOOLONG;
    int descriptor = mkostemp(output->temporary, O_CLOEXEC);
    if (descriptor < 0)
        return errno;
    int error = fchmod(descriptor, mode_of(old)) == 0 ? stream(output, descriptor) : errno;
    if (error != 0)
        unlink(output->temporary);
    return error;
}

int tare__output_open(struct tare__output *output, const char *path)
{
    struct stat status;
    if (*path == '\0')
        return ENOENT;
    if (strlen(path) >= sizeof output->path)
        return ENAMETOOLONG;
    if (stat(path, &status) != 0) {
        strcpy(output->path, path);
        return errno == ENOENT ? open_beside(output, NULL) : errno;
    }
    if (S_ISDIR(status.st_mode))
        return EISDIR;
    int descriptor = already_open(&status);
    if (descriptor >= 0) {
        strcpy(output->path, path);
        return open_again(output, descriptor);
    }
    if (S_ISREG(status.st_mode) && realpath(path, output->path) != NULL) /* a link stays one */
        return open_beside(output, &status);
    strcpy(output->path, path);
    return open_in_place(output);
}

int tare__output_commit(struct tare__output *output)
{
    int error = fclose(output->file) == 0 ? 0 : errno;
    if (output->temporary[0] == '\0')
        return error;
    if (error == 0 && rename(output->temporary, output->path) != 0)
        error = errno;
    if (error != 0)
        unlink(output->temporary);
    return error;
}

void tare__output_discard(struct tare__output *output)
{
    fclose(output->file);
    if (output->temporary[0] != '\0')
        unlink(output->temporary);
}
