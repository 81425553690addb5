/* SPDX-License-Identifier: MIT */
/*
 * Programs with one planted defect each, in what they do when memory is out; with CLEAN defined, without
 * it. work() returns 0, or -1 with errno ENOMEM. As a program of its own its status is 0 or 1, and it aborts
 * where errno is another; with WORK_ALONE it has no main, and a test calls work().
 */
#ifndef CORPUS_H
#define CORPUS_H

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef CLEAN
#define IS_CLEAN true
#else
#define IS_CLEAN false
#endif

#ifdef __cplusplus
extern "C"
#endif
    int
    work(void);

#ifndef WORK_ALONE
int main(void)
{
    if (work() == 0)
        return 0;
    if (errno != ENOMEM)
        abort();
    return 1;
}
#endif

#endif
