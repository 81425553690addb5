/* SPDX-License-Identifier: MIT */
/* All is read into memory first, since a pipe can be read only once. */
#include "profile_input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "choice.h"
#include "command.h"
#include "profile_of_snapshot.h"
#include "recording.h"
#include "symbols.h"

struct input {
    const char *command;
    const char *path; /* as it was given */
    const char *name; /* for messages */
    char *bytes;      /* a NUL stands behind the last */
    size_t size, room;
};

static int complain_of(const struct input *input, const char *reason)
{
    return tare__complain(TARE__EXIT_UNABLE, "%s: can't read %s: %s", input->command, input->name, reason);
}

/* ---- Bytes ---------------------------------------------------------------- */

static int read_bytes(struct input *input, int file)
{
    enum { FIRST_BYTES = 1 << 16 };
    for (;;) {
        if (input->room - input->size < 2) {
            size_t room = input->room == 0 ? FIRST_BYTES : 2 * input->room;
            char *bytes = realloc(input->bytes, room);
            if (bytes == NULL)
                return ENOMEM;
            input->bytes = bytes;
            input->room = room;
        }
        ssize_t got = read(file, input->bytes + input->size, input->room - input->size - 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return errno;
        input->size += (size_t)got;
        input->bytes[input->size] = '\0';
        if (got == 0)
            return 0;
    }
}

static int read_path(struct input *input)
{
    bool is_stdin = strcmp(input->path, "-") == 0;
    int file = is_stdin ? STDIN_FILENO : open(input->path, O_RDONLY | O_CLOEXEC);
    int error = file < 0 ? errno : read_bytes(input, file);
    if (file >= 0 && !is_stdin)
        close(file);
    return error;
}

/* ---- Records ---------------------------------------------------------------- */

static int explain(const struct input *input, const char *path, struct tare__profile_source *source)
{
    char reason[256];
    struct tare__suppressions suppressions = {0};
    if (tare__recording_read_path(path, &source->snapshot, reason, sizeof reason) != 0)
        return complain_of(input, reason);
    int status = tare__default_suppressions(input->command, &suppressions);
    if (status == 0)
        status = tare__explain_snapshot(input->command, &source->snapshot, &suppressions, false);
    tare__suppressions_free(&suppressions);
    if (status != 0)
        return status;
    int error = tare__profile_of_process(&source->snapshot, &source->snapshot.processes[source->snapshot.main],
                                         &source->profile);
    return error == 0 ? 0 : complain_of(input, strerror(error));
}

/* What came through a pipe, as a file. */
static int explain_bytes(const struct input *input, struct tare__profile_source *source)
{
    char path[64];
    int file = memfd_create("record", MFD_CLOEXEC);
    size_t written = 0;
    while (file >= 0 && written < input->size) {
        ssize_t some = write(file, input->bytes + written, input->size - written);
        if (some < 0 && errno != EINTR)
            break;
        written += some > 0 ? (size_t)some : 0;
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    int status = written == input->size ? explain(input, path, source) : complain_of(input, strerror(errno));
    if (file >= 0)
        close(file);
    return status;
}

/* ---- Either ------------------------------------------------------------------- */

static int read_profile(const struct input *input, const struct tare__profile_reader *reader,
                        struct tare__profile *profile)
{
    char reason[256] = "";
    const struct tare__profile_input from = {input->bytes, input->size, reason, sizeof reason};
    int error = tare__profile_read(reader, &from, profile);
    return error == 0 ? 0 : complain_of(input, error == EBADMSG ? reason : strerror(error));
}

static bool is_of_kind(const char *path, mode_t kind)
{
    struct stat status;
    return stat(path, &status) == 0 && (status.st_mode & S_IFMT) == kind;
}

/* By its path where that can be, since by that it is known whether it is still written. */
static int explain_file(const struct input *input, struct tare__profile_source *source)
{
    bool is_file = strcmp(input->path, "-") != 0 && is_of_kind(input->path, S_IFREG);
    return is_file ? explain(input, input->path, source) : explain_bytes(input, source);
}

int tare__profile_open(const char *command, const char *path, const struct tare__profile_reader *reader,
                       struct tare__profile_source *source)
{
    struct input input = {.command = command, .path = path};
    input.name = strcmp(path, "-") == 0 ? "standard input" : path;
    *source = (struct tare__profile_source){.snapshot = {0}};
    if (reader == NULL && is_of_kind(path, S_IFDIR))
        return explain(&input, path, source);
    int error = read_path(&input), status;
    if (error != 0)
        status = complain_of(&input, strerror(error));
    else if (reader == NULL && tare__recording_begins(input.bytes, input.size))
        status = explain_file(&input, source);
    else
        status = read_profile(&input, reader, &source->profile);
    free(input.bytes);
    return status;
}

void tare__profile_close(struct tare__profile_source *source)
{
    tare__profile_free(&source->profile);
    tare__snapshot_free(&source->snapshot);
}

int tare__profile_check(const char *command, const struct tare__format *format, const struct tare__profile *profile)
{
    const char *lacks = format->lacks != NULL ? format->lacks(profile) : NULL;
    return lacks == NULL
               ? 0
               : tare__complain(TARE__EXIT_UNABLE, "%s: the format %s needs %s, which the profile does not have",
                                command, format->name, lacks);
}

void tare__print_readers(void)
{
    printf("\nFormats that are read, besides records of 'tare run':\n");
    for (size_t i = 0; i < tare__profile_reader_count; i++)
        printf("  %-13s  %s\n", tare__profile_readers[i].name, tare__profile_readers[i].meaning);
}
