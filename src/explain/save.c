/* SPDX-License-Identifier: MIT */
/*
 * A process may outlive the run and still be writing: what was copied is read before
 * it is kept, and copied again where it does not hang together.
 */
#include "save.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recording.h"
#include "view.h"

enum { BLOCK_BYTES = 4096 };

static int fail(int error, char *reason, size_t size)
{
    snprintf(reason, size, "%s", strerror(error));
    return error;
}

/* ---- One file ------------------------------------------------------------- */

static bool is_zero(const char *block, size_t bytes)
{
    return block[0] == 0 && memcmp(block, block + 1, bytes - 1) == 0;
}

static int write_block(int file, const char *block, size_t bytes, uint64_t offset)
{
    for (size_t written = 0; written < bytes;) {
        ssize_t part = pwrite(file, block + written, bytes - written, (off_t)(offset + written));
        if (part < 0 && errno != EINTR)
            return errno;
        written += part > 0 ? (size_t)part : 0;
    }
    return 0;
}

/* What is zero becomes a hole. */
static int copy_bytes(const struct tare__view *view, int to, uint64_t bytes)
{
    char block[BLOCK_BYTES];
    int error = ftruncate(to, (off_t)bytes) == 0 ? 0 : errno;
    for (uint64_t at = 0; error == 0 && at < bytes; at += sizeof block) {
        size_t part = bytes - at < sizeof block ? (size_t)(bytes - at) : sizeof block;
        if (!tare__view_copy(view, at, block, part))
            error = EIO;
        else if (!is_zero(block, part))
            error = write_block(to, block, part, at);
    }
    return error;
}

/* Up to the last piece that holds records. */
static uint64_t used_bytes(struct tare__view *view)
{
    struct tare__refusal refusal;
    uint64_t bytes = 0;
    struct tare__store *store = aligned_alloc(_Alignof(struct tare__store), sizeof *store);
    if (store == NULL)
        return 0;
    if (tare__view_header(view, store, &refusal) == 0) {
        uint64_t end = store->pieces_offset + (uint64_t)store->piece_count * TARE__PIECE_BYTES;
        bytes = offsetof(struct tare__store, slots) + (uint64_t)store->slot_count * store->slot_bytes;
        bytes = store->piece_count != 0 && tare__view_reaches(view, end) ? end : bytes;
    }
    free(store);
    return bytes;
}

static bool can_be_read(const char *path)
{
    struct tare__snapshot snapshot = {0};
    char reason[256];
    int error = tare__recording_read_file(path, &snapshot, reason, sizeof reason);
    tare__snapshot_free(&snapshot);
    return error == 0;
}

static int copy_once(int directory, const char *name, int to)
{
    struct tare__view view = tare__view_open(directory, name, O_NOFOLLOW);
    if (view.file < 0)
        return errno;
    uint64_t bytes = used_bytes(&view);
    int error = bytes > 0 ? copy_bytes(&view, to, bytes) : EBADMSG;
    tare__view_close(&view);
    return error;
}

/* EBADMSG: it can't be read, and is not kept. */
static int copy_file(int directory, const char *name, const char *path)
{
    enum { TRIES = 10 };
    int error = EBADMSG;
    for (int i = 0; i < TRIES && error == EBADMSG; i++) {
        int to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        if (to < 0)
            return errno;
        error = copy_once(directory, name, to);
        if (close(to) != 0 && error == 0)
            error = errno;
        if (error == 0 && !can_be_read(path))
            error = EBADMSG;
    }
    if (error != 0)
        unlink(path);
    return error;
}

/* ---- What stood there before ------------------------------------------------ */

static bool is_store_name(const char *name)
{
    size_t length = strlen(name), suffix = sizeof TARE__STORE_SUFFIX - 1;
    return length > suffix && strcmp(name + length - suffix, TARE__STORE_SUFFIX) == 0;
}

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Calls for each entry; ends with the first error. */
static int each_entry(const char *path, int (*call)(int directory, const char *name, void *context), void *context)
{
    DIR *directory = opendir(path);
    if (directory == NULL)
        return errno;
    int error = 0;
    for (struct dirent *entry; error == 0 && (entry = readdir(directory)) != NULL;)
        if (!is_dots(entry->d_name))
            error = call(dirfd(directory), entry->d_name, context);
    closedir(directory);
    return error;
}

static int check_entry(int directory, const char *name, void *context)
{
    (void)directory;
    (void)context;
    return is_store_name(name) ? 0 : ENOTEMPTY;
}

static int remove_entry(int directory, const char *name, void *context)
{
    (void)context;
    return unlinkat(directory, name, 0) == 0 ? 0 : errno;
}

/* Of our own files only. */
static int remove_directory(const char *path)
{
    int error = each_entry(path, check_entry, NULL);
    if (error == 0)
        error = each_entry(path, remove_entry, NULL);
    return error == 0 && rmdir(path) != 0 ? errno : error;
}

static int check_target(const char *path, char *reason, size_t size)
{
    struct stat status;
    if (*path == '\0')
        return fail(ENOENT, reason, size);
    if (stat(path, &status) != 0)
        return errno == ENOENT ? 0 : fail(errno, reason, size);
    if (S_ISDIR(status.st_mode) && each_entry(path, check_entry, NULL) != 0) {
        snprintf(reason, size, "it is a directory with other files than records in it");
        return ENOTEMPTY;
    }
    if (!S_ISDIR(status.st_mode) && !S_ISREG(status.st_mode)) {
        snprintf(reason, size, "it is neither a file nor a directory");
        return EINVAL;
    }
    return 0;
}

/* rename() replaces a file by a file. */
static int put_in_place(const char *made, const char *path)
{
    struct stat new_status, status;
    bool is_directory = stat(made, &new_status) == 0 && S_ISDIR(new_status.st_mode);
    int error = 0;
    if (lstat(path, &status) == 0) {
        if (S_ISDIR(status.st_mode))
            error = remove_directory(path);
        else if (is_directory)
            error = unlink(path) == 0 ? 0 : errno;
    }
    return error == 0 && rename(made, path) != 0 ? errno : error;
}

/* ---- A recording ------------------------------------------------------------ */

struct saving {
    char made[PATH_MAX]; /* a directory beside the target */
    char last[PATH_MAX]; /* the last file in there */
};

/* As capture names it. */
static int save_process(struct saving *saving, int directory, const struct tare__process *process)
{
    char name[64];
    snprintf(name, sizeof name, "%d-%u" TARE__STORE_SUFFIX, process->pid, process->sequence);
    if (snprintf(saving->last, sizeof saving->last, "%s/%s", saving->made, name) >= (int)sizeof saving->last)
        return ENAMETOOLONG;
    int error = copy_file(directory, name, saving->last);
    return error;
}

static int save_all(struct saving *saving, const char *path, const struct tare__snapshot *snapshot)
{
    int error = 0, directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return errno;
    for (size_t i = 0; error == 0 && i < snapshot->process_count; i++)
        error = save_process(saving, directory, &snapshot->processes[i]);
    close(directory);
    return error;
}

static int make_beside(struct saving *saving, const char *path)
{
    int length = snprintf(saving->made, sizeof saving->made, "%s.XXXXXX", path);
    if (length < 0 || (size_t)length >= sizeof saving->made)
        return ENAMETOOLONG;
    return mkdtemp(saving->made) != NULL ? 0 : errno;
}

/* mkdtemp() keeps others out, also later on. */
static int usual_mode(const char *path)
{
    mode_t mask = umask(0);
    umask(mask);
    return chmod(path, 0777 & ~mask) == 0 ? 0 : errno;
}

int tare__recording_may_save(const char *path, char *reason, size_t size)
{
    struct saving saving = {.made = ""};
    int error = check_target(path, reason, size);
    if (error != 0)
        return error;
    error = make_beside(&saving, path);
    if (error != 0)
        return fail(error, reason, size);
    rmdir(saving.made);
    return 0;
}

int tare__recording_save(const char *directory, const struct tare__snapshot *snapshot, const char *path, char *reason,
                         size_t size)
{
    struct saving saving = {.made = ""};
    int error = check_target(path, reason, size);
    if (error != 0)
        return error;
    error = make_beside(&saving, path);
    if (error != 0)
        return fail(error, reason, size);
    bool several = snapshot->process_count > 1;
    error = save_all(&saving, directory, snapshot);
    if (error == 0 && several)
        error = usual_mode(saving.made);
    if (error == 0)
        error = put_in_place(several ? saving.made : saving.last, path);
    if (error != 0 || !several)
        remove_directory(saving.made);
    return error != 0 ? fail(error, reason, size) : 0;
}
