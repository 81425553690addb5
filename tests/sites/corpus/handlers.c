/* SPDX-License-Identifier: MIT */
/* Signal handlers, on the stack that there is and on one of their own. */
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>

#include "corpus.h"

static sigjmp_buf back;
static volatile int *volatile nowhere;

static void on_signal(int number)
{
    (void)number;
    corpus_keep(malloc(11)); /* @in-handler */
    CORPUS_STAY();
}

static void on_own_stack(int number)
{
    (void)number;
    void *block = malloc(13); /* @own-stack */
    free(block);
}

static void on_fault(int number)
{
    (void)number;
    corpus_keep(malloc(17)); /* @in-fault */
    siglongjmp(back, 1);
}

static APART void fault(void)
{
    *nowhere = 1; /* @fault */
}

static APART void send(int number)
{
    raise(number); /* @raise */
    CORPUS_STAY();
}

static void take(int number, void (*handler)(int), int flags)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    sigaction(number, &action, NULL);
}

/* SITE in-handler < raise < main-signal: 2 22, leaked 2 22 */
/* SITE own-stack < raise < main-own: 1 13, temporary 1 */
/* SITE in-fault < fault < main-fault: 1 17, leaked 1 17 */
int main(void)
{
    static char stack[65536];
    sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof stack}, NULL);
    take(SIGUSR1, on_signal, 0);
    take(SIGUSR2, on_own_stack, SA_ONSTACK);
    take(SIGSEGV, on_fault, SA_ONSTACK);
    for (int i = 0; i < 2; i++)
        send(SIGUSR1); /* @main-signal */
    send(SIGUSR2);     /* @main-own */
    if (sigsetjmp(back, 1) == 0)
        fault();              /* @main-fault */
    void *after = malloc(19); /* SITE: 1 19 */
    free(after);
    return 0;
}
