/* SPDX-License-Identifier: MIT */
/*
 * Calls whose sums are known, by functions that a call stack must name: `outer` makes
 * 1000 blocks of 100 bytes by `inner` and keeps 10; `grower` makes one of 64 that
 * grows to 4096 and leaks. Then it ends: traced STATUS, traced kill, or traced wait.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef WITH_TARE
#include <tare/tare.h>
#define IN_SCOPE(scope_name)                                                                                           \
    for (tare_scope *s = tare_open_with(&(tare_options){.name = scope_name}); s != NULL; tare_close(s, NULL), s = NULL)
#else
#define IN_SCOPE(scope_name)
#endif

static void *kept[1000];

__attribute__((noinline, noclone)) void inner(int i)
{
    kept[i] = malloc(100);
    __asm__ volatile("" ::: "memory");
}

__attribute__((noinline, noclone)) void outer(void)
{
    for (int i = 0; i < 1000; i++)
        inner(i);
    for (int i = 10; i < 1000; i++)
        free(kept[i]);
}

__attribute__((noinline, noclone)) void grower(void)
{
    kept[999] = malloc(64);
    kept[999] = realloc(kept[999], 4096);
    __asm__ volatile("" ::: "memory");
}

int main(int count, char **arguments)
{
    const char *end = count > 1 ? arguments[1] : "0";
    IN_SCOPE("first")
    {
        outer();
    }
    IN_SCOPE("second")
    {
        grower();
    }
    if (strcmp(end, "kill") == 0)
        raise(SIGKILL);
    if (strcmp(end, "wait") == 0)
        for (;;)
            pause();
    return atoi(end);
}
