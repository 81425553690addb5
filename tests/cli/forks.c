/* SPDX-License-Identifier: MIT */
/*
 * Starts children in the ways there are. The parent's own figures are the same
 * in each: one block of 1000 bytes, made before and kept. A forked child frees
 * the parent's block and keeps one of 500 bytes.
 */
#include <pthread.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;
static void *volatile block;
static char *child_program;

static void be_child(void)
{
    free(block);
    block = malloc(500);
    _exit(block == NULL);
}

static pid_t by_fork(void)
{
    pid_t pid = fork();
    if (pid == 0)
        be_child();
    return pid;
}

static pid_t by__Fork(void)
{
    pid_t pid = _Fork();
    if (pid == 0)
        be_child();
    return pid;
}

static pid_t by_fork_and_exec(void)
{
    pid_t pid = fork();
    if (pid == 0)
        execl(child_program, "child of fork", (char *)NULL);
    return pid;
}

static pid_t by_vfork(void)
{
    pid_t pid = vfork();
    if (pid == 0) {
        execl(child_program, "child of vfork", (char *)NULL);
        _exit(127);
    }
    return pid;
}

static pid_t by_spawn(void)
{
    pid_t pid;
    char *arguments[] = {(char *)(size_t) "child of spawn", NULL};
    return posix_spawn(&pid, child_program, NULL, NULL, arguments, environ) == 0 ? pid : -1;
}

static pid_t threads_pid;

static void *fork_in_thread(void *unused)
{
    threads_pid = by_fork();
    return unused;
}

static pid_t by_fork_in_thread(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, fork_in_thread, NULL) == 0)
        pthread_join(thread, NULL);
    return threads_pid;
}

static const struct {
    const char *name;
    pid_t (*start)(void);
} ways[] = {
    {"fork", by_fork},   {"_Fork", by__Fork}, {"fork_and_exec", by_fork_and_exec},
    {"vfork", by_vfork}, {"spawn", by_spawn}, {"fork_in_thread", by_fork_in_thread},
};

int main(int count, char **arguments)
{
    if (count < 3)
        return 2;
    child_program = arguments[2];
    block = malloc(1000);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        if (strcmp(arguments[1], ways[i].name) == 0) {
            int status = 1;
            waitpid(ways[i].start(), &status, 0);
            return WIFEXITED(status) ? WEXITSTATUS(status) : 99;
        }
    return 2;
}
