/* SPDX-License-Identifier: MIT */
#include "oom_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "library.h"

uint64_t tare__oom_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- Faults -------------------------------------------------------------------- */

static void begin(struct tare__oom_process *process, const struct tare__oom *oom)
{
    struct tare__faults *faults = process->faults;
    memcpy(faults->magic, TARE__FAULTS_MAGIC, sizeof faults->magic);
    faults->bytes = sizeof *faults;
    faults->plan = (struct tare__fault_plan){
        .kind = TARE__FAULT_COUNT,
        .by_ordinal = oom->options.by_ordinal,
        .everywhere = oom->options.everywhere,
        .size_high = UINT64_MAX,
        .timeout_ms = oom->timeout_ms,
    };
}

int tare__oom_process_make(struct tare__oom_process *process, const struct tare__oom *oom)
{
    *process = (struct tare__oom_process){.file = memfd_create("tare-faults", MFD_CLOEXEC), .watch = -1};
    if (process->file < 0)
        return errno;
    if (ftruncate(process->file, sizeof *process->faults) == 0) {
        void *mapped =
            mmap(NULL, sizeof *process->faults, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, process->file, 0);
        if (mapped != MAP_FAILED) {
            process->faults = mapped;
            begin(process, oom);
            return 0;
        }
    }
    int error = errno;
    close(process->file);
    return error;
}

int tare__oom_process_reset(struct tare__oom_process *process, const struct tare__oom *oom)
{
    if (ftruncate(process->file, 0) != 0 || ftruncate(process->file, sizeof *process->faults) != 0)
        return errno;
    begin(process, oom);
    return 0;
}

void tare__oom_process_free(struct tare__oom_process *process)
{
    if (process->faults == NULL)
        return;
    munmap(process->faults, sizeof *process->faults);
    close(process->file);
    process->faults = NULL;
}

int tare__oom_faults_path(const struct tare__oom_process *process, char *path, size_t size)
{
    int length = snprintf(path, size, "/proc/%d/fd/%d", getpid(), process->file);
    return length < (int)size ? 0 : ENAMETOOLONG;
}

/* ---- Start --------------------------------------------------------------------- */

/* Each reads from the beginning: an offset of its own. */
static int use_input(int input)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", input);
    int descriptor = open(path, O_RDONLY);
    if (descriptor < 0)
        return errno;
    if (descriptor != STDIN_FILENO) {
        dup2(descriptor, STDIN_FILENO);
        close(descriptor);
    }
    return 0;
}

static int prepare(const struct tare__oom *oom, const char *faults, bool interactive, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    personality(ADDR_NO_RANDOMIZE);
    int error = tare__library_preload(oom->library);
    if (error == 0 && setenv(TARE__ENVIRONMENT_FAULTS, faults, 1) != 0)
        error = errno;
    unsetenv("TARE_STORE");
    unsetenv("TARE_STACK_DEPTH");
    unsetenv("TARE_SITES");
    if (error != 0)
        return error;
    if (interactive)
        return oom->input_is_kept ? use_input(oom->input) : 0;
    if (!oom->options.show_output && (dup2(oom->sink[1], STDOUT_FILENO) < 0 || dup2(oom->sink[1], STDERR_FILENO) < 0))
        return errno;
    return use_input(oom->input);
}

static int read_report(int report)
{
    int error = 0;
    ssize_t length;
    do
        length = read(report, &error, sizeof error);
    while (length < 0 && errno == EINTR);
    close(report);
    return length == sizeof error ? error : 0;
}

int tare__oom_process_start(struct tare__oom_process *process, const struct tare__oom *oom, bool interactive)
{
    char path[64];
    int report[2], error = tare__oom_faults_path(process, path, sizeof path);
    if (error != 0 || pipe2(report, O_CLOEXEC) != 0)
        return error != 0 ? error : errno;
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) {
        error = prepare(oom, path, interactive, parent);
        if (error == 0) {
            execvp(oom->options.arguments[0], oom->options.arguments);
            error = errno;
        }
        if (write(report[1], &error, sizeof error) < 0)
            _exit(126);
        _exit(127);
    }
    error = pid < 0 ? errno : 0;
    close(report[1]);
    int failed = read_report(report[0]);
    if (error != 0)
        return error;
    if (failed != 0) {
        waitpid(pid, NULL, 0);
        return failed;
    }
    process->pid = pid;
    process->watch = (int)syscall(SYS_pidfd_open, pid, 0);
    process->start_ms = tare__oom_now_ms();
    process->deadline_ms = 0;
    process->was_killed = false;
    return 0;
}

/* ---- End ----------------------------------------------------------------------- */

/* That it ended in time is looked at before it is killed. */
static bool has_ended(struct tare__oom_process *process)
{
    uint64_t now = tare__oom_now_ms();
    if (waitpid(process->pid, &process->status, WNOHANG) == 0) {
        if (process->deadline_ms == 0 || now < process->deadline_ms)
            return false;
        kill(process->pid, SIGKILL);
        waitpid(process->pid, &process->status, 0);
        process->was_killed = true;
    }
    process->ms = now - process->start_ms;
    process->pid = 0;
    if (process->watch >= 0)
        close(process->watch);
    process->watch = -1;
    return true;
}

static void drain(int sink)
{
    char bytes[1 << 16];
    while (read(sink, bytes, sizeof bytes) > 0) {
    }
}

struct tare__oom_process *tare__oom_wait(struct tare__oom_process *processes, size_t count, const struct tare__oom *oom)
{
    enum { MOMENT_MS = 100, WITHOUT_WATCH_MS = 2 };
    struct pollfd *watched = calloc(count + 1, sizeof *watched);
    int moment = watched != NULL ? MOMENT_MS : WITHOUT_WATCH_MS;
    for (size_t i = 0; watched != NULL && i < count; i++) {
        watched[i] = (struct pollfd){.fd = processes[i].pid != 0 ? processes[i].watch : -1, .events = POLLIN};
        if (processes[i].pid != 0 && processes[i].watch < 0)
            moment = WITHOUT_WATCH_MS;
    }
    if (watched != NULL)
        watched[count] = (struct pollfd){.fd = oom->sink[0], .events = POLLIN};
    poll(watched, watched != NULL ? count + 1 : 0, moment);
    free(watched);
    drain(oom->sink[0]);
    for (size_t i = 0; i < count; i++)
        if (processes[i].pid != 0 && has_ended(&processes[i]))
            return &processes[i];
    return NULL;
}
