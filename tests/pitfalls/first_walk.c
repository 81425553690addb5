/* SPDX-License-Identifier: MIT */
/* The first stack of a program calls nothing that allocates or loads (glibc's
 * backtrace() opens a library at its first call), and keeps errno. */
#include <errno.h>
#include <link.h>

#include "looker.h"

static unsigned calls;

void *malloc(size_t size)
{
    static char memory[1 << 16];
    static size_t used;
    calls++;
    used += (size + 15) / 16 * 16;
    return used <= sizeof memory ? memory + used - (size + 15) / 16 * 16 : NULL;
}
void free(void *block)
{
    (void)block;
}

static int count(struct dl_phdr_info *info, size_t size, void *modules)
{
    (void)info;
    (void)size;
    ++*(int *)modules;
    return 0;
}

int main(void)
{
    static struct tare__thread thread;
    int before = 0, after = 0;
    dl_iterate_phdr(count, &before);
    calls = 0;
    errno = 77;
    CHECK(tare__callstack(&thread, TARE__FRAME) != 0); /* nothing has been started yet */
    CHECK(tare__callstack(&tare__late_thread, TARE__FRAME) != 0);
    CHECK_EQUAL(errno, 77);
    tare__unwind_start();
    tare__callstack_start();
    CHECK(tare__callstack(&thread, TARE__FRAME) != 0);
    CHECK_EQUAL(errno, 77);
    CHECK_EQUAL(calls, 0);
    dl_iterate_phdr(count, &after);
    CHECK_EQUAL(after, before);
    return 0;
}
