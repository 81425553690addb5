/* SPDX-License-Identifier: MIT */
/* What a stack takes of the stack: the first one of a thread, when all rules must be
 * computed and all records made, and a later one. */
#include <sys/mman.h>
#include <ucontext.h>

#include "looker.h"

enum { PAGE = 4096, STACK_BYTES = 64 * 1024, PAINT = 0xa5, LIMIT_BYTES = 3072 };

static unsigned char *own_stack;
static ucontext_t back, other;
static struct tare__thread thread;

static size_t used(void (*function)(void))
{
    memset(own_stack, PAINT, STACK_BYTES);
    CHECK(getcontext(&other) == 0);
    other.uc_stack.ss_sp = own_stack;
    other.uc_stack.ss_size = STACK_BYTES;
    other.uc_link = &back;
    makecontext(&other, function, 0);
    CHECK(swapcontext(&back, &other) == 0);
    size_t untouched = 0;
    while (untouched < STACK_BYTES && own_stack[untouched] == PAINT)
        untouched++;
    return STACK_BYTES - untouched;
}

static void nothing(void) {}

static void take_stack(void)
{
    CHECK(tare__callstack(&thread, 0) != 0);
}

static void take_stack_late(void)
{
    CHECK(tare__callstack(&tare__late_thread, 0) != 0);
}

int main(void)
{
    tare__unwind_start();
    tare__callstack_start();
    own_stack =
        (unsigned char *)mmap(NULL, STACK_BYTES + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(own_stack != MAP_FAILED && mprotect(own_stack, PAGE, PROT_NONE) == 0);
    own_stack += PAGE;
    size_t without = used(nothing), first = used(take_stack) - without, later = used(take_stack) - without;
    size_t late = used(take_stack_late) - without;
    dprintf(1, "bytes of stack: %zu for the first, %zu for the next, %zu past a thread's end\n", first, later, late);
    CHECK(first < LIMIT_BYTES && later < LIMIT_BYTES && late < LIMIT_BYTES);
    return 0;
}
