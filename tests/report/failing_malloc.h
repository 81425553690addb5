/* SPDX-License-Identifier: MIT */
/* Stands before malloc: the call of number `failing` fails, and 0 is none. */
#ifndef TEST_REPORT_FAILING_MALLOC_H
#define TEST_REPORT_FAILING_MALLOC_H

#include <errno.h>
#include <stdlib.h>

#include "check.h"

static size_t calls, failing;

void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *block, size_t bytes);

static bool fails(void)
{
    calls++;
    if (calls == failing)
        errno = ENOMEM;
    return calls == failing;
}

void *malloc(size_t bytes)
{
    return fails() ? NULL : __libc_malloc(bytes);
}

void *calloc(size_t count, size_t bytes)
{
    return fails() ? NULL : __libc_calloc(count, bytes);
}

void *realloc(void *block, size_t bytes)
{
    return fails() ? NULL : __libc_realloc(block, bytes);
}

void *reallocarray(void *block, size_t count, size_t bytes)
{
    return realloc(block, count * bytes);
}

#endif
