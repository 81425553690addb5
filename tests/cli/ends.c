/* SPDX-License-Identifier: MIT */
/* Allocates 1000 bytes for good and 24 for a while, and ends in the way that is
 * asked for. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *volatile kept;

static void by_return(void) {}
static void by_exit(void)
{
    exit(5);
}
static void by__exit(void)
{
    _exit(6);
}
static void by_quick_exit(void)
{
    quick_exit(7);
}
static void by_abort(void)
{
    abort();
}
static void by_segv(void)
{
    volatile int *volatile nowhere = NULL;
    *nowhere = 0;
}
static void by_kill(void)
{
    kill(getpid(), SIGKILL);
}
static void by_exec(void)
{
    execl("/proc/self/exe", "again", "exit", (char *)NULL);
}

static const struct {
    const char *name;
    void (*end)(void);
} ways[] = {
    {"return", by_return}, {"exit", by_exit}, {"_exit", by__exit}, {"quick_exit", by_quick_exit},
    {"abort", by_abort},   {"segv", by_segv}, {"kill", by_kill},   {"exec", by_exec},
};

int main(int count, char **arguments)
{
    kept = malloc(1000);
    void *volatile brief = malloc(24);
    free(brief);
    for (size_t i = 0; count > 1 && i < sizeof ways / sizeof *ways; i++)
        if (strcmp(arguments[1], ways[i].name) == 0)
            ways[i].end();
    return 4;
}
