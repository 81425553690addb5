/* SPDX-License-Identifier: MIT */
#include "here.h"

#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>

static INLINED void innermost(void)
{
    here("inlined"); /* @innermost */
    STAY;
}

static INLINED void middle(int twice)
{
    innermost(); /* @middle */
    if (twice)
        here("inlined-behind"); /* @behind */
    STAY;
}

static ALONE void outer(void)
{
    middle(1); /* @outer */
    STAY;
}

static ALONE void deep(int levels)
{
    if (levels > 0)
        deep(levels - 1); /* @deep */
    else
        here("deep"); /* @bottom */
    STAY;
}

static int compare(const void *a, const void *b)
{
    static int calls;
    if (calls++ == 0)
        here("callback"); /* @compare */
    return *(const int *)a - *(const int *)b;
}

static sigjmp_buf back;

static void handle(int number)
{
    here("signal"); /* @handle */
    siglongjmp(back, number);
}

static ALONE void fault(volatile int *nowhere)
{
    *nowhere = 1; /* @fault */
    STAY;
}

/* Nothing follows the call, so the return address is in another function. */
static ALONE __attribute__((noreturn)) void never_returns(void)
{
    here("noreturn"); /* @never-returns */
    exit(0);
}

static ALONE void calls_one_that_never_returns(void)
{
    never_returns(); /* @last */
}

int main(void)
{
    int numbers[] = {3, 1, 2};
    outer();                                     /* @main-outer */
    deep(3);                                     /* @main-deep */
    qsort(numbers, 3, sizeof *numbers, compare); /* @main-qsort */
    signal(SIGSEGV, handle);
    if (sigsetjmp(back, 1) == 0)
        fault(NULL);                /* @main-fault */
    calls_one_that_never_returns(); /* @main-last */
    return 0;
}
