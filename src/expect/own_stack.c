/* SPDX-License-Identifier: MIT */
#include "own_stack.h"

#include <stdint.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "os.h"

enum { STACK_BYTES = 8 << 20 }; /* only what is used takes memory */

struct work {
    void (*function)(void *context);
    void *context;
};

/* makecontext() takes ints. */
static void begin(unsigned high, unsigned low)
{
    const struct work *work = (const struct work *)((uintptr_t)high << 32 | low);
    work->function(work->context);
}

void tare__on_own_stack(void (*function)(void *context), void *context)
{
    struct work work = {function, context};
    uintptr_t address = (uintptr_t)&work;
    ucontext_t here, there;
    char *stack = tare__os_map(STACK_BYTES);
    if (stack == NULL || getcontext(&there) != 0) {
        function(context);
    } else {
        mprotect(stack, TARE__PAGE_BYTES, PROT_NONE);
        there.uc_stack.ss_sp = stack;
        there.uc_stack.ss_size = STACK_BYTES;
        there.uc_link = &here;
        makecontext(&there, (void (*)(void))(uintptr_t)begin, 2, (unsigned)(address >> 32), (unsigned)address);
        swapcontext(&here, &there);
    }
    if (stack != NULL)
        tare__os_unmap(stack, STACK_BYTES);
}
