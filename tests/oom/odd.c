/* SPDX-License-Identifier: MIT */
/* odd WHAT [FILE]: programs that nothing can be said of, or not much. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "program.h"

static __attribute__((noinline)) void one(void)
{
    free(need(1));
}

static __attribute__((noinline)) void other(void)
{
    free(need(2));
    __asm__ volatile("" ::: "memory");
}

/* Goes another way each time: the first run makes the file, the next ones find it. */
static int depends(const char *file)
{
    if (access(file, F_OK) == 0) {
        other();
        return 0;
    }
    fclose(fopen(file, "w"));
    one();
    return 0;
}

static void many(long count)
{
    for (long i = 0; i < count; i++)
        free(need((size_t)i % 100 + 1));
}

/* Calls in turn, so that there are 2 to the power of bits call stacks. */
static void spread(unsigned path, int bits);
static __attribute__((noinline)) void left(unsigned path, int bits)
{
    spread(path / 2, bits - 1);
    __asm__ volatile("" ::: "memory");
}
static __attribute__((noinline)) void right(unsigned path, int bits)
{
    spread(path / 2, bits - 1);
    __asm__ volatile("nop" ::: "memory");
}
static void spread(unsigned path, int bits)
{
    if (bits == 0)
        free(need(24));
    else if (path % 2 == 0)
        left(path, bits);
    else
        right(path, bits);
}

int main(int count, char **arguments)
{
    const char *what = count > 1 ? arguments[1] : "never";
    if (strcmp(what, "depends") == 0)
        return depends(arguments[2]);
    if (strcmp(what, "crashes") == 0)
        raise(SIGSEGV);
    if (strcmp(what, "many") == 0)
        many(strtol(arguments[2], NULL, 10));
    if (strcmp(what, "stacks") == 0)
        for (unsigned path = 0; path < 1u << strtol(arguments[2], NULL, 10); path++)
            spread(path, (int)strtol(arguments[2], NULL, 10));
    if (strcmp(what, "abort") == 0) {
        void *block = malloc(8);
        if (block == NULL)
            abort();
        free(block);
    }
    return 0;
}
