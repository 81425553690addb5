/* SPDX-License-Identifier: MIT */
/*
 * A copy of the process by clone() without a signal at its end, so that neither the
 * program's handlers nor its waits learn of it; and what a copy shares with it: the
 * descriptors, and with them offsets, pipes and what is written.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "linux_directory.h"
#include "linux_syscall.h"
#include "os.h"

#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x1000
#endif

#define NS_PER_MS 1000000u
enum { MEMORY_DEVICES = 1 }; /* /dev/null, /dev/zero, /dev/urandom: the kernel's devices.txt */

bool tare__os_copy_process(struct tare__os_copy *copy)
{
    int watch = -1, parent = tare__os_pid();
    long pid = TARE__SYSCALL(SYS_clone, CLONE_PIDFD, 0, &watch);
    if (pid == -EINVAL) /* a system that has no descriptors of processes */
        pid = TARE__SYSCALL(SYS_clone, 0, 0);
    *copy = (struct tare__os_copy){(int)pid, watch};
    if (pid != 0)
        return pid > 0;
    TARE__SYSCALL(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL);
    if (tare__os_parent_pid() != parent)
        tare__os_end(1);
    return true;
}

void tare__os_end(int status)
{
    for (;;)
        TARE__SYSCALL(SYS_exit_group, status);
}

/* Asleep until it has ended, or a while. */
static void sleep_on(const struct tare__os_copy *copy, uint64_t left_ns, uint64_t waited_ns)
{
    if (copy->watch < 0) { /* looks again after an eighth of the time it has taken so far */
        uint64_t pause = waited_ns / 8 + 20000;
        left_ns = pause < left_ns ? pause : left_ns;
    }
    const struct timespec time = {(time_t)(left_ns / 1000000000u), (long)(left_ns % 1000000000u)};
    struct pollfd watched = {.fd = copy->watch, .events = POLLIN};
    TARE__SYSCALL(SYS_ppoll, &watched, copy->watch >= 0, &time, NULL, 0);
}

static bool has_ended(const struct tare__os_copy *copy, int options, int *status)
{
    return TARE__SYSCALL(SYS_wait4, copy->pid, status, __WALL | options, NULL) != 0;
}

bool tare__os_copy_wait(const struct tare__os_copy *copy, uint64_t timeout_ms, int *status)
{
    uint64_t start = tare__os_clock_ns(), waited = 0, most = timeout_ms * NS_PER_MS;
    bool ended = false;
    while (!(ended = has_ended(copy, WNOHANG, status)) && waited < most) {
        sleep_on(copy, most - waited, waited);
        waited = tare__os_clock_ns() - start;
    }
    if (!ended) {
        TARE__SYSCALL(SYS_kill, copy->pid, SIGKILL);
        has_ended(copy, 0, status);
    }
    if (copy->watch >= 0)
        TARE__SYSCALL(SYS_close, copy->watch);
    return ended;
}

bool tare__os_has_children(void)
{
    siginfo_t info;
    return TARE__SYSCALL(SYS_waitid, P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL, NULL) != -ECHILD;
}

/* ---- Descriptors ------------------------------------------------------------ */

struct others {
    void (*visit)(int descriptor, void *context);
    void *context;
};

static void visit_other(int number, int own, void *context)
{
    const struct others *others = context;
    if (number != own)
        others->visit(number, others->context);
}

bool tare__os_descriptors(void (*visit)(int descriptor, void *context), void *context)
{
    struct others others = {.visit = visit, .context = context};
    return tare__os_numbers_in("/proc/self/fd", visit_other, &others);
}

static bool stat_of(int descriptor, struct stat *stat)
{
    return TARE__SYSCALL(SYS_fstat, descriptor, stat) == 0;
}

enum tare__os_sharing tare__os_sharing(int descriptor, int64_t *offset)
{
    struct stat stat = {.st_mode = 0}; /* that the kernel fills it is hidden from analysers */
    long flags = TARE__SYSCALL(SYS_fcntl, descriptor, F_GETFL);
    if (flags < 0 || (flags & O_PATH) != 0 || !stat_of(descriptor, &stat))
        return TARE__OS_SHARES_NOTHING;
    if (S_ISCHR(stat.st_mode) && major(stat.st_rdev) == MEMORY_DEVICES)
        return TARE__OS_SHARES_NOTHING;
    if (!S_ISREG(stat.st_mode) && !S_ISDIR(stat.st_mode))
        return TARE__OS_SHARES_STREAM;
    if ((flags & O_ACCMODE) != O_RDONLY)
        return TARE__OS_SHARES_WRITTEN;
    *offset = TARE__SYSCALL(SYS_lseek, descriptor, 0, SEEK_CUR);
    return *offset >= 0 ? TARE__OS_SHARES_OFFSET : TARE__OS_SHARES_STREAM;
}

struct tare__os_file tare__os_file(int descriptor)
{
    struct stat stat;
    if (!stat_of(descriptor, &stat))
        return (struct tare__os_file){0, 0};
    return (struct tare__os_file){stat.st_dev, stat.st_ino};
}

void tare__os_seek(int descriptor, int64_t offset)
{
    TARE__SYSCALL(SYS_lseek, descriptor, offset, SEEK_SET);
}

void tare__os_silence(int descriptor)
{
    long null = TARE__SYSCALL(SYS_openat, AT_FDCWD, "/dev/null", O_WRONLY | O_CLOEXEC);
    if (null < 0)
        return;
    long flags = TARE__SYSCALL(SYS_fcntl, descriptor, F_GETFD);
    TARE__SYSCALL(SYS_dup3, null, descriptor, (flags & FD_CLOEXEC) != 0 ? O_CLOEXEC : 0);
    TARE__SYSCALL(SYS_close, null);
}
