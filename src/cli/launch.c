/* SPDX-License-Identifier: MIT */
/*
 * fork and exec. The child reports through a pipe why it could not exec; that
 * the pipe closes without a word says that it could. Signals are blocked from
 * before fork until the handlers stand, so that none is lost or kills us with
 * the program still running.
 */
#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "library.h"

static const int ignored[] = {SIGINT, SIGQUIT, SIGPIPE}; /* SIGPIPE: there is a directory to remove */
static const int passed_on[] = {SIGTERM, SIGHUP};
#define COUNT(array) (sizeof(array) / sizeof *(array))

static volatile sig_atomic_t receiver; /* pid; 0 for none */

static void pass_on(int signal)
{
    int saved_errno = errno;
    if (receiver != 0)
        kill((pid_t)receiver, signal);
    errno = saved_errno;
}

static void block_signals(sigset_t *before)
{
    sigset_t blocked;
    sigemptyset(&blocked);
    for (size_t i = 0; i < COUNT(ignored); i++)
        sigaddset(&blocked, ignored[i]);
    for (size_t i = 0; i < COUNT(passed_on); i++)
        sigaddset(&blocked, passed_on[i]);
    sigprocmask(SIG_BLOCK, &blocked, before);
}

/* What was ignored already, by nohup for instance, stays so. */
static void handle_signals(void)
{
    struct sigaction now, before;
    for (size_t i = 0; i < COUNT(ignored); i++)
        signal(ignored[i], SIG_IGN);
    for (size_t i = 0; i < COUNT(passed_on); i++) {
        sigaction(passed_on[i], NULL, &before);
        if (before.sa_handler == SIG_IGN)
            continue;
        now = (struct sigaction){.sa_handler = pass_on, .sa_flags = SA_RESTART};
        sigemptyset(&now.sa_mask);
        sigaction(passed_on[i], &now, NULL);
    }
}

static int set_environment(const struct tare__launch *launch)
{
    if (launch->library == NULL)
        return 0;
    int error = tare__library_preload(launch->library);
    if (error != 0)
        return error;
    const struct {
        const char *name, *value; /* NULL: not set */
    } variables[] =
        {
            {"TARE_STORE", launch->directory},
            {"TARE_FOLLOW", launch->follow ? NULL : "0"},
            {"TARE_SITES", launch->sites ? NULL : "off"},
        },
      given[] = {
          {"TARE_STACK_DEPTH", launch->depth},
          {"TARE_UNWIND", launch->unwind},
      };
    for (size_t i = 0; i < COUNT(variables); i++)
        if ((variables[i].value != NULL ? setenv(variables[i].name, variables[i].value, 1)
                                        : unsetenv(variables[i].name)) != 0)
            return errno;
    for (size_t i = 0; i < COUNT(given); i++) /* else what the user's environment says stays */
        if (given[i].value != NULL && setenv(given[i].name, given[i].value, 1) != 0)
            return errno;
    return 0;
}

struct inherited {
    sigset_t mask;
    void (*on_child)(int); /* SIGCHLD: while it is ignored, nobody can be waited for */
};

__attribute__((noreturn)) static void become(const struct tare__launch *launch, int report,
                                             const struct inherited *inherited)
{
    int error = set_environment(launch);
    if (error == 0) {
        signal(SIGCHLD, inherited->on_child);
        sigprocmask(SIG_SETMASK, &inherited->mask, NULL);
        execvp(launch->arguments[0], launch->arguments);
        error = errno;
    }
    while (write(report, &error, sizeof error) < 0 && errno == EINTR) {
    }
    _exit(127);
}

static int read_report(int report)
{
    int error = 0;
    ssize_t length;
    do
        length = read(report, &error, sizeof error);
    while (length < 0 && errno == EINTR);
    return length == sizeof error ? error : 0;
}

/* The pid is the program's as long as it is not reaped: passing on ends before. */
static void wait_for_end(struct tare__launch *launch)
{
    siginfo_t ended;
    int status = 0;
    while (waitid(P_PID, (id_t)launch->pid, &ended, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
    }
    receiver = 0;
    while (waitpid(launch->pid, &status, 0) < 0 && errno == EINTR) {
    }
    launch->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    launch->exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
}

int tare__launch(struct tare__launch *launch)
{
    int report[2];
    struct inherited inherited;
    if (pipe2(report, O_CLOEXEC) != 0)
        return errno;
    block_signals(&inherited.mask);
    if (launch->mask != NULL)
        inherited.mask = *launch->mask;
    inherited.on_child = signal(SIGCHLD, SIG_DFL);
    launch->pid = fork();
    int error = launch->pid < 0 ? errno : 0;
    if (launch->pid == 0)
        become(launch, report[1], &inherited);
    close(report[1]);
    if (launch->pid > 0) {
        receiver = launch->pid;
        handle_signals();
    }
    sigprocmask(SIG_SETMASK, &inherited.mask, NULL);
    if (launch->pid > 0) {
        error = read_report(report[0]);
        wait_for_end(launch);
    }
    close(report[0]);
    return error;
}
