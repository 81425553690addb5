/* SPDX-License-Identifier: MIT */
/* A store is trusted in nothing: it may be no file, half a one, or one of
 * another version, and must not be able to crash whoever reads it. */
#include "view.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recording.h"

struct tare__view tare__view_open(int directory, const char *name)
{
    struct tare__view view = {NULL, 0};
    struct stat status;
    int file = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (file < 0)
        return view;
    if (fstat(file, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0) {
        void *mapped = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED, file, 0);
        if (mapped != MAP_FAILED)
            view = (struct tare__view){mapped, (size_t)status.st_size};
    }
    close(file);
    return view;
}

void tare__view_close(struct tare__view view)
{
    if (view.store != NULL)
        munmap((void *)(uintptr_t)view.store, view.bytes);
}

static bool has_whole_slots(struct tare__view view)
{
    uint32_t slot_bytes = view.store->slot_bytes;
    return slot_bytes >= sizeof(struct tare__slot) && slot_bytes % _Alignof(struct tare__slot) == 0 &&
           (view.bytes - offsetof(struct tare__store, slots)) / slot_bytes >= view.store->slot_count;
}

const char *tare__view_refusal(struct tare__view view)
{
    const struct tare__store *store = view.store;
    if (store == NULL)
        return "it can't be opened, or is empty";
    if (view.bytes < offsetof(struct tare__store, slot_count) || store->magic != TARE__STORE_MAGIC)
        return "it is no record of tare's";
    if (store->version != TARE__STORE_VERSION)
        return "it was written by another version of tare";
    if (view.bytes < offsetof(struct tare__store, slots) || !has_whole_slots(view))
        return "it is truncated";
    return store->command_bytes <= sizeof store->command ? NULL : "its command line is damaged";
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
