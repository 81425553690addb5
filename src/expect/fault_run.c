/* SPDX-License-Identifier: MIT */
/*
 * A run in a child. It starts from what this process is: nothing is flushed or closed, and the offsets of files are
 * put back after it. SIGCHLD is kept
 * from the program's handler meanwhile, which would take the child for one of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fault_crash.h"
#include "fault_sweep.h"
#include "os.h"

enum { LAST_WORDS_MS = 1000, NS_PER_MS = 1000000 };

/* ---- The child -------------------------------------------------------------- */

static void become_run(struct tare_sweep_ *sweep, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (nothing >= 0) {
        dup2(nothing, STDOUT_FILENO);
        dup2(sweep->standard_error >= 0 ? sweep->standard_error : nothing, STDERR_FILENO);
        close(nothing);
    }
    tare__fault_catch(&sweep->faults.run.stack);
}

/* ---- The parent ------------------------------------------------------------- */

/* Until it has ended, or the time is over. A system without pidfd is asked again and again. */
static bool await(pid_t child, int pidfd, uint64_t deadline_ns, int *status)
{
    const struct timespec a_moment = {0, NS_PER_MS};
    for (;;) {
        pid_t ended = waitpid(child, status, WNOHANG);
        if (ended == child || (ended < 0 && errno != EINTR))
            return true;
        uint64_t now_ns = tare__os_clock_ns();
        if (now_ns >= deadline_ns)
            return false;
        struct pollfd poll_for = {.fd = pidfd, .events = POLLIN};
        if (pidfd >= 0)
            poll(&poll_for, 1, (int)((deadline_ns - now_ns) / NS_PER_MS + 1));
        else
            nanosleep(&a_moment, NULL);
    }
}

/* By a signal that has it say where it hangs, and one that it can't handle. */
static void end_hung(pid_t child, int pidfd, int *status)
{
    kill(child, SIGABRT);
    if (await(child, pidfd, tare__os_clock_ns() + (uint64_t)LAST_WORDS_MS * NS_PER_MS, status))
        return;
    kill(child, SIGKILL);
    await(child, pidfd, UINT64_MAX / 2, status);
}

static struct tare__sweep_end wait_for(const struct tare_sweep_ *sweep, pid_t child)
{
    enum { DEFAULT_MS = 10000 };
    struct tare__sweep_end end = {false, 0, 0};
    uint64_t ms = sweep->options.timeout_ms != 0 ? sweep->options.timeout_ms : DEFAULT_MS;
    uint64_t start_ns = tare__os_clock_ns();
    int pidfd = (int)syscall(SYS_pidfd_open, child, 0);
    end.hung = !await(child, pidfd, start_ns + ms * NS_PER_MS, &end.status);
    if (end.hung)
        end_hung(child, pidfd, &end.status);
    if (pidfd >= 0)
        close(pidfd);
    end.ms = (uint32_t)((tare__os_clock_ns() - start_ns) / NS_PER_MS);
    return end;
}

/* ---- What the two share ------------------------------------------------------ */

/* A child moves the offsets of files that are open here. */
static void keep_offset(int descriptor, void *context)
{
    struct tare_sweep_ *sweep = context;
    int64_t offset;
    enum tare__os_sharing sharing = tare__os_sharing(descriptor, &offset);
    if (sharing != TARE__OS_SHARES_OFFSET && sharing != TARE__OS_SHARES_WRITTEN)
        return;
    if ((offset = lseek(descriptor, 0, SEEK_CUR)) < 0 || sweep->offset_count == TARE__OFFSETS_MAX)
        return;
    sweep->offsets[sweep->offset_count].descriptor = descriptor;
    sweep->offsets[sweep->offset_count++].offset = offset;
}

static void put_offsets_back(const struct tare_sweep_ *sweep)
{
    for (uint32_t i = 0; i < sweep->offset_count; i++)
        tare__os_seek(sweep->offsets[i].descriptor, sweep->offsets[i].offset);
}

/* ---- Both ------------------------------------------------------------------- */

/* By default SIGCHLD does nothing, unless the program has blocked it. */
static void keep_signals(struct sigaction *before)
{
    const struct sigaction plain = {.sa_handler = SIG_DFL};
    sigaction(SIGCHLD, &plain, before);
}

/* Takes off what our child has left, which comes later where it is blocked; and sends again what another's has:
 * that has ended, and nobody has waited for it. */
static void give_signals_back(const struct sigaction *before)
{
    const struct sigaction plain = {.sa_handler = SIG_DFL};
    siginfo_t another = {.si_pid = 0};
    sigaction(SIGCHLD, &plain, NULL);
    sigaction(SIGCHLD, before, NULL);
    if (waitid(P_ALL, 0, &another, WEXITED | WNOHANG | WNOWAIT) == 0 && another.si_pid != 0)
        kill(getpid(), SIGCHLD);
}

int tare__sweep_fork(struct tare_sweep_ *sweep, struct tare__sweep_end *end)
{
    struct sigaction before;
    pid_t parent = getpid();
    memset(&sweep->run, 0, sizeof sweep->run);
    memset(&sweep->faults.run, 0, sizeof sweep->faults.run);
    if (sweep->standard_error >= 0 && ftruncate(sweep->standard_error, 0) == 0)
        lseek(sweep->standard_error, 0, SEEK_SET);
    sweep->offset_count = 0;
    tare__os_descriptors(keep_offset, sweep);
    keep_signals(&before);
    pid_t child = fork();
    int error = errno;
    if (child > 0) {
        *end = wait_for(sweep, child);
        put_offsets_back(sweep);
    }
    give_signals_back(&before);
    if (child == 0)
        become_run(sweep, parent);
    errno = error;
    return child < 0 ? -1 : child == 0;
}
