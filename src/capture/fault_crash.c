/* SPDX-License-Identifier: MIT */
/* The handler is there for one signal: it notes the stack, and then the signal does what it would
 * have done without. */
#include "fault_crash.h"

#include <signal.h>
#include <stddef.h>
#include <ucontext.h>

#include "os.h"
#include "unwinder.h"

static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
enum { STACK_BYTES = 64 << 10 };

static struct tare__fault_stack *into;

static struct tare__unwind walk_from(const ucontext_t *context)
{
    struct tare__unwind walk = {.exact = true, .stack = {1, 0}};
#if defined(__x86_64__)
    walk.pc = (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
    walk.sp = (uintptr_t)context->uc_mcontext.gregs[REG_RSP];
    walk.fp = (uintptr_t)context->uc_mcontext.gregs[REG_RBP];
#elif defined(__aarch64__)
    walk.pc = context->uc_mcontext.pc;
    walk.sp = context->uc_mcontext.sp;
    walk.fp = context->uc_mcontext.regs[29];
    walk.lr = context->uc_mcontext.regs[30];
#endif
    return walk;
}

/* Back from where there is no code, as behind a function pointer that is NULL: to who called it. */
static bool step_back(struct tare__unwind *walk)
{
#if defined(__x86_64__)
    if (!tare__os_readable((const void *)walk->sp))
        return false;
    walk->pc = *(const uintptr_t *)walk->sp;
    walk->sp += sizeof(uintptr_t);
#else
    walk->pc = walk->lr;
#endif
    walk->exact = false;
    return true;
}

static void note(struct tare__unwind walk)
{
    uintptr_t addresses[TARE__FAULT_FRAMES];
    struct tare__unwind start = walk;
    struct tare__unwind_result result = tare__unwind_walk(&walk, addresses, TARE__FAULT_FRAMES, walk.sp);
    uintptr_t pc = start.pc;
    uint32_t count = 0;
    bool is_nowhere = pc == 0 || (result.depth == 1 && result.end == TARE__UNWIND_NO_RULE);
    if (is_nowhere && step_back(&start)) {
        into->addresses[count++] = pc;
        result = tare__unwind_walk(&start, addresses, TARE__FAULT_FRAMES - 1, start.sp);
    }
    for (uint32_t i = 0; i < result.depth; i++)
        into->addresses[count++] = addresses[i];
    into->truncated = result.end != TARE__UNWIND_COMPLETE;
    into->count = count;
}

static void on_crash(int signal, siginfo_t *info, void *context)
{
    if (into->count == 0)
        note(walk_from(context));
    if (info->si_code <= 0) /* somebody sent it: it comes no second time by itself */
        tare__os_signal_thread(tare__os_thread_id(), signal);
}

static void use_own_stack(void)
{
    stack_t now;
    if (sigaltstack(NULL, &now) != 0 || (now.ss_flags & SS_DISABLE) == 0)
        return;
    now = (stack_t){.ss_sp = tare__os_map(STACK_BYTES), .ss_size = STACK_BYTES};
    if (now.ss_sp != NULL)
        sigaltstack(&now, NULL);
}

void tare__fault_catch(struct tare__fault_stack *crash)
{
    if (into != NULL)
        return;
    into = crash;
    use_own_stack();
    struct sigaction now, before;
    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++) {
        if (sigaction(crashes[i], NULL, &before) != 0 || before.sa_handler != SIG_DFL)
            continue;
        now = (struct sigaction){.sa_sigaction = on_crash,
                                 .sa_flags = (int)(SA_SIGINFO | SA_ONSTACK | SA_RESETHAND | SA_NODEFER)};
        sigemptyset(&now.sa_mask);
        sigaction(crashes[i], &now, NULL);
    }
}
