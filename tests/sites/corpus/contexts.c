/* SPDX-License-Identifier: MIT */
/* Coroutines by ucontext: a stack begins where makecontext() made it. */
#include <stdint.h>
#include <ucontext.h>

#include "corpus.h"

static ucontext_t home, away;
static char stack[262144];

static APART void *make(size_t size)
{
    void *block = malloc(size); /* @make */
    CORPUS_STAY();
    return block;
}

static void coroutine(void)
{
    for (;;) {
        corpus_keep(make(21)); /* @coroutine-first */
        swapcontext(&away, &home);
        free(make(22)); /* @coroutine-second */
        swapcontext(&away, &home);
    }
}

static void resume(void)
{
    swapcontext(&home, &away);
}

/* SITE make < coroutine-first: 3 63, leaked 3 63 */
/* SITE make < coroutine-second: 3 66 */
/* SITE make < main: 6 138 */
int main(void)
{
    getcontext(&away);
    away.uc_stack.ss_sp = stack;
    away.uc_stack.ss_size = sizeof stack;
    makecontext(&away, coroutine, 0);
    for (int i = 0; i < 6; i++) {
        void *block = make(23); /* @main */
        resume();
        free(block);
    }
    return 0;
}
