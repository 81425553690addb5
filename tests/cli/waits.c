/* SPDX-License-Identifier: MIT */
/*
 * Waits for a signal, having said on stdout that it does.
 *   waits            ends by SIGTERM's default
 *   waits handle     ends with exit status 42 on SIGTERM, 43 on SIGHUP
 *   waits behind     leaves a child behind that has 700 bytes, and ends
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *volatile kept;

static void leave(int signal)
{
    _exit(signal == SIGTERM ? 42 : 43);
}

static void say(const char *text)
{
    if (write(STDOUT_FILENO, text, strlen(text)) < 0)
        _exit(9);
}

static void be_left_behind(void)
{
    kept = malloc(700);
    setsid();
    say("ready\n");
    close(STDOUT_FILENO);
    close(STDERR_FILENO);
    alarm(30);
    for (;;)
        pause();
}

int main(int count, char **arguments)
{
    kept = malloc(10);
    const char *what = count > 1 ? arguments[1] : "";
    int ends[2];
    char byte;
    if (strcmp(what, "behind") == 0) {
        if (pipe(ends) != 0)
            return 9;
        if (fork() == 0) {
            dup2(ends[1], STDOUT_FILENO);
            be_left_behind();
        }
        return read(ends[0], &byte, 1) == 1 ? 0 : 9; /* until it has allocated */
    }
    if (strcmp(what, "handle") == 0) {
        signal(SIGTERM, leave);
        signal(SIGHUP, leave);
    }
    say("ready\n");
    alarm(30);
    for (;;)
        pause();
}
