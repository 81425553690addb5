/* SPDX-License-Identifier: MIT */
/* A store is trusted in nothing: it may be no file, half a one, or one of
 * another version, and must not be able to crash whoever reads it. */
#include "view.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recording.h"

#define HEADER_BYTES offsetof(struct tare__store, slots)

struct tare__view tare__view_open(int directory, const char *name, int flags)
{
    struct tare__view view = {-1, 0, 0};
    struct stat status = {0};
    int file = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | flags);
    if (file < 0)
        return view;
    if (fstat(file, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0)
        return (struct tare__view){file, (uint64_t)status.st_size, status.st_ino};
    int error = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
    close(file);
    errno = error;
    return view;
}

void tare__view_close(struct tare__view *view)
{
    if (view->file >= 0)
        close(view->file);
    view->file = -1;
}

bool tare__view_copy(const struct tare__view *view, uint64_t offset, void *into, size_t bytes)
{
    __atomic_thread_fence(__ATOMIC_ACQUIRE); /* the writer's release is in what was copied before */
    for (size_t copied = 0; copied < bytes;) {
        ssize_t part = pread(view->file, (char *)into + copied, bytes - copied, (off_t)(offset + copied));
        if (part < 0 && errno == EINTR)
            continue;
        if (part <= 0)
            return false;
        copied += (size_t)part;
    }
    return true;
}

bool tare__view_reaches(struct tare__view *view, uint64_t bytes)
{
    struct stat status = {0};
    if (bytes > view->bytes && fstat(view->file, &status) == 0 && status.st_size > 0)
        view->bytes = (uint64_t)status.st_size;
    return bytes <= view->bytes;
}

static int check_slots(struct tare__view *view, const struct tare__store *store, struct tare__refusal *refusal)
{
    enum { MOST = 64 * TARE__STORE_SLOTS }; /* so that a sparse file can't keep us busy */
    uint32_t bytes = store->slot_bytes;
    if (bytes < sizeof(struct tare__slot) || bytes % _Alignof(struct tare__slot) != 0 || bytes > TARE__PIECE_BYTES ||
        store->slot_count > MOST)
        return tare__refuse(refusal, EBADMSG, "it is damaged at offset %zu: %" PRIu32 " slots of %" PRIu32 " bytes",
                            offsetof(struct tare__store, slot_count), store->slot_count, bytes);
    uint64_t end = HEADER_BYTES + (uint64_t)store->slot_count * bytes;
    if (!tare__view_reaches(view, end))
        return tare__refuse(refusal, EBADMSG, "it is truncated: its slots end at %" PRIu64 ", it ends at %" PRIu64, end,
                            view->bytes);
    return 0;
}

int tare__view_header(struct tare__view *view, struct tare__store *store, struct tare__refusal *refusal)
{
    size_t least = offsetof(struct tare__store, slot_count);
    if (!tare__view_reaches(view, least) || !tare__view_copy(view, 0, store, least) ||
        store->magic != TARE__STORE_MAGIC)
        return tare__refuse(refusal, EBADMSG, "it is no record of tare's");
    if (store->version != TARE__STORE_VERSION)
        return tare__refuse(
            refusal, EBADMSG, "it is of version %" PRIu32 " of the format, and this tare reads version %u; use the %s",
            store->version, TARE__STORE_VERSION,
            store->version > TARE__STORE_VERSION ? "tare that wrote it, or a newer one" : "tare that wrote it");
    if (!tare__view_reaches(view, HEADER_BYTES) || !tare__view_copy(view, 0, store, HEADER_BYTES))
        return tare__refuse(refusal, EBADMSG, "it is truncated: its header ends at %zu, it ends at %" PRIu64,
                            HEADER_BYTES, view->bytes);
    return check_slots(view, store, refusal);
}

int tare__recording_probe(const char *directory)
{
    char path[4096];
    if (snprintf(path, sizeof path, "%s/probe", directory) >= (int)sizeof path)
        return ENAMETOOLONG;
    int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0)
        return errno;
    void (*before)(int) = signal(SIGXFSZ, SIG_IGN); /* "ulimit -f" is an error, not our end */
    int error = fallocate(file, 0, 0, sizeof(struct tare__store)) == 0 ? 0 : errno;
    signal(SIGXFSZ, before);
    close(file);
    unlink(path);
    return error;
}
