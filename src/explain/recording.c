/* SPDX-License-Identifier: MIT */
/* Stores into a snapshot. What one process did is in several of them, one for each
 * program it executed. */
#include "recording.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "grow.h"
#include "process.h"

_Static_assert(TARE__HISTOGRAM_BUCKETS <= TARE__SIZE_RANGES_MAX, "a histogram fits");
_Static_assert(sizeof((struct tare__store *)0)->command <= TARE__COMMAND_BYTES, "a command fits");

/* ---- The directory ------------------------------------------------------ */

static void refuse(struct tare__snapshot *snapshot, const char *name, const char *reason)
{
    if (snapshot->refused_count++ == 0)
        snprintf(snapshot->refused_reason, sizeof snapshot->refused_reason, "%.60s: %s", name, reason);
}

/* Owns the process from now on, also where it fails. */
static int add_process(struct tare__snapshot *snapshot, struct tare__process *process)
{
    struct tare__process *processes = tare__grow(snapshot->processes, snapshot->process_count, sizeof *processes);
    if (processes == NULL) {
        tare__origins_free(&process->origins);
        return ENOMEM;
    }
    snapshot->processes = processes;
    processes[snapshot->process_count++] = *process;
    return 0;
}

/* The maker's pid begins the name. */
static bool has_living_maker(const char *name)
{
    int pid = atoi(name);
    return pid > 0 && (kill(pid, 0) == 0 || errno == EPERM);
}

/* A child that outlives the program may have been forked just now, and its file
 * be there but not yet filled: that takes it less than a millisecond, unless it
 * is stopped. */
static struct tare__view open_made(int directory, const char *name)
{
    enum { TRIES = 100 };
    const struct timespec pause = {.tv_nsec = 1000000};
    struct tare__view view = tare__view_open(directory, name, O_NOFOLLOW);
    for (int i = 0; i < TRIES && !tare__process_is_made(&view) && has_living_maker(name); i++) {
        tare__view_close(&view);
        nanosleep(&pause, NULL);
        view = tare__view_open(directory, name, O_NOFOLLOW);
    }
    return view;
}

static int read_view(struct tare__snapshot *snapshot, struct tare__view *view, const char *name,
                     struct tare__refusal *refusal)
{
    struct tare__process process;
    int error = tare__process_read(&process, view, name, refusal);
    if (error != 0)
        return error;
    return add_process(snapshot, &process) == 0 ? 0 : tare__refuse_memory(refusal);
}

static int add_file(struct tare__snapshot *snapshot, int directory, const char *name)
{
    struct tare__view view = open_made(directory, name);
    if (view.file < 0) {
        refuse(snapshot, name, "it can't be opened, or is empty");
        return 0;
    }
    struct tare__refusal refusal;
    int error = read_view(snapshot, &view, name, &refusal);
    tare__view_close(&view);
    if (error == 0 || error == ENOMEM)
        return error;
    if (error != ENODATA)
        refuse(snapshot, name, refusal.reason);
    return 0;
}

static bool is_store_name(const char *name)
{
    size_t length = strlen(name), suffix = sizeof TARE__STORE_SUFFIX - 1;
    return length > suffix && strcmp(name + length - suffix, TARE__STORE_SUFFIX) == 0;
}

static int add_files(struct tare__snapshot *snapshot, const char *path)
{
    DIR *directory = opendir(path);
    if (directory == NULL)
        return errno;
    int error = 0;
    for (struct dirent *entry; error == 0 && (entry = readdir(directory)) != NULL;)
        if (is_store_name(entry->d_name))
            error = add_file(snapshot, dirfd(directory), entry->d_name);
    closedir(directory);
    return error;
}

/* ---- Which images count ------------------------------------------------- */

static int by_image(const void *a, const void *b)
{
    const struct tare__process *one = a, *other = b;
    if (one->pid != other->pid)
        return one->pid < other->pid ? -1 : 1;
    return (one->sequence > other->sequence) - (one->sequence < other->sequence);
}

static int by_start(const void *a, const void *b)
{
    const struct tare__process *one = a, *other = b;
    if (one->started_ns != other->started_ns)
        return one->started_ns < other->started_ns ? -1 : 1;
    return by_image(a, b);
}

static bool only_execed(const struct tare__process *image, const struct tare__process *next)
{
    const tare_stats *stats = &image->stats;
    return next->pid == image->pid && !next->forked && image->children_lost == 0 && stats->inexact == 0 &&
           (stats->allocations | stats->deallocations | stats->reallocations | stats->failed_allocations) == 0;
}

static void drop_idle_images(struct tare__snapshot *snapshot)
{
    struct tare__process *all = snapshot->processes;
    size_t kept = 0;
    for (size_t i = 0; i < snapshot->process_count; i++)
        if (i + 1 == snapshot->process_count || !only_execed(&all[i], &all[i + 1]))
            all[kept++] = all[i];
        else
            tare__origins_free(&all[i].origins);
    snapshot->process_count = kept;
}

static bool find_main(struct tare__snapshot *snapshot, int pid)
{
    bool found = false;
    for (size_t i = 0; i < snapshot->process_count; i++) {
        const struct tare__process *process = &snapshot->processes[i];
        if (process->pid == pid && (!found || process->sequence > snapshot->processes[snapshot->main].sequence)) {
            snapshot->main = i;
            found = true;
        }
    }
    return found;
}

static void sort_out(struct tare__snapshot *snapshot)
{
    qsort(snapshot->processes, snapshot->process_count, sizeof *snapshot->processes, by_image);
    drop_idle_images(snapshot);
    qsort(snapshot->processes, snapshot->process_count, sizeof *snapshot->processes, by_start);
}

bool tare__recording_begins(const void *bytes, size_t size)
{
    uint64_t magic;
    if (size < sizeof magic)
        return false;
    memcpy(&magic, bytes, sizeof magic);
    return magic == TARE__STORE_MAGIC;
}

/* ---- What can be read ----------------------------------------------------- */

int tare__recording_read(const char *directory, int main_pid, struct tare__snapshot *snapshot)
{
    int error = add_files(snapshot, directory);
    if (error != 0)
        return error;
    if (snapshot->process_count == 0)
        return ENOENT;
    sort_out(snapshot);
    return find_main(snapshot, main_pid) ? 0 : ENOENT;
}

int tare__recording_read_file(const char *path, struct tare__snapshot *snapshot, char *reason, size_t size)
{
    struct tare__refusal refusal;
    struct tare__view view = tare__view_open(AT_FDCWD, path, 0);
    if (view.file < 0) {
        int error = errno;
        snprintf(reason, size, "%s", error == EINVAL ? "it is no file, or an empty one" : strerror(error));
        return error;
    }
    const char *slash = strrchr(path, '/');
    int error = read_view(snapshot, &view, slash == NULL ? path : slash + 1, &refusal);
    tare__view_close(&view);
    if (error != 0)
        snprintf(reason, size, "%s", refusal.reason);
    return error;
}

static int read_saved_directory(const char *path, struct tare__snapshot *snapshot, char *reason, size_t size)
{
    int error = add_files(snapshot, path);
    if (error != 0) {
        snprintf(reason, size, "%s", strerror(error));
        return error;
    }
    if (snapshot->process_count == 0) {
        snprintf(reason, size, "%s",
                 snapshot->refused_count == 0 ? "no file in it ends in " TARE__STORE_SUFFIX : snapshot->refused_reason);
        return EBADMSG;
    }
    sort_out(snapshot);
    find_main(snapshot, snapshot->processes[0].pid); /* all others are its descendants */
    return 0;
}

int tare__recording_read_path(const char *path, struct tare__snapshot *snapshot, char *reason, size_t size)
{
    struct stat status;
    bool is_directory = stat(path, &status) == 0 && S_ISDIR(status.st_mode);
    return is_directory ? read_saved_directory(path, snapshot, reason, size)
                        : tare__recording_read_file(path, snapshot, reason, size);
}
