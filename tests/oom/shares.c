/* SPDX-License-Identifier: MIT */
/* shares WHAT [FILE]: is given something that a copy of a process shares with it, allocates, and looks whether
 * it is as if nobody else had used it. Exit status 0: it is; 3: out of memory; 4: it is not. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "program.h"

enum { CHANGED = 4 };

/* Each allocation from a stack of its own, each byte read by another call. */
static int reads(int file)
{
    char byte;
    for (char expected = 'a'; expected <= 'f'; expected++) {
        void *block = expected % 2 == 0 ? need(8) : need(16);
        if (read(file, &byte, 1) != 1 || byte != expected)
            return CHANGED;
        free(block);
    }
    return 0;
}

static int reads_pipe(void)
{
    int ends[2];
    if (pipe(ends) != 0 || write(ends[1], "abcdef", 6) != 6)
        return CHANGED;
    return reads(ends[0]);
}

/* What one more process writes would be there, too. */
static int writes(const char *path)
{
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    for (int i = 0; i < 4; i++) {
        free(need(8));
        if (write(file, "x", 1) != 1 || lseek(file, 0, SEEK_END) != i + 1)
            return CHANGED;
    }
    return 0;
}

static void *allocates(void *unused)
{
    free(need(32));
    return unused;
}

static int joins(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, allocates, NULL) != 0)
        return 3;
    free(need(64));
    return pthread_join(thread, NULL) == 0 ? 0 : CHANGED;
}

static int waits(void)
{
    int status;
    pid_t child = fork();
    if (child == 0)
        _exit(7);
    free(need(64));
    return waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 7 ? 0 : CHANGED;
}

static volatile sig_atomic_t children;

static void count_child(int unused)
{
    (void)unused;
    children++;
}

/* Nothing tells it that there was another process. */
static int notices(void)
{
    signal(SIGCHLD, count_child);
    for (int i = 0; i < 3; i++)
        free(need(8));
    return children == 0 && waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD ? 0 : CHANGED;
}

/* Says it twice on the standard output, as the end of a buffer that was not written. */
static int prints(void)
{
    printf("once\n");
    free(need(8));
    fflush(stdout);
    free(need(16));
    return 0;
}

int main(int count, char **arguments)
{
    const char *what = count > 1 ? arguments[1] : "";
    if (strcmp(what, "offset") == 0)
        return reads(open(arguments[2], O_RDONLY));
    if (strcmp(what, "input") == 0)
        return reads(STDIN_FILENO);
    if (strcmp(what, "pipe") == 0)
        return reads_pipe();
    if (strcmp(what, "file") == 0)
        return writes(arguments[2]);
    if (strcmp(what, "threads") == 0)
        return joins();
    if (strcmp(what, "child") == 0)
        return waits();
    if (strcmp(what, "signals") == 0)
        return notices();
    if (strcmp(what, "output") == 0)
        return prints();
    return 2;
}
