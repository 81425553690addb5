/* SPDX-License-Identifier: MIT */
#include "deadlock.h"

#include <dlfcn.h>

#include "file_name.h"
#include "watchdog.h"

#define NAME_MAX_BYTES 60u /* of a function: C++ has longer ones than anybody reads */

static void add_name(struct tare__text *text, const char *name)
{
    char cut[NAME_MAX_BYTES];
    struct tare__text line = tare__text_in(cut, sizeof cut);
    tare__text_add(&line, name);
    tare__text_add(text, cut);
    if (line.length >= sizeof cut)
        tare__text_add(text, "...");
}

/* A return address belongs to the call before it. Where no symbol is known, the
 * place in the module's file, as addr2line takes it. */
static void add_frame(struct tare__text *text, uint32_t number, uintptr_t address)
{
    Dl_info info;
    tare__text_add(text, "    #");
    tare__text_add_unsigned(text, number);
    tare__text_add(text, " ");
    if (dladdr((void *)(address - 1), &info) == 0 || info.dli_fname == NULL) {
        tare__text_add_hex(text, address);
    } else if (info.dli_sname != NULL) {
        add_name(text, info.dli_sname);
        tare__text_add(text, "+");
        tare__text_add_hex(text, address - (uintptr_t)info.dli_saddr);
        tare__text_add(text, " in ");
        tare__text_add(text, tare__file_name(info.dli_fname));
    } else {
        tare__text_add(text, tare__file_name(info.dli_fname));
        tare__text_add(text, "+");
        tare__text_add_hex(text, address - 1 - (uintptr_t)info.dli_fbase);
    }
    tare__text_add(text, "\n");
}

static void add_thread(struct tare__text *text, const struct tare__report_thread *thread, const char *did)
{
    tare__text_add(text, "  thread ");
    tare__text_add_signed(text, thread->id);
    tare__text_add(text, " \"");
    tare__text_add(text, thread->name);
    tare__text_add(text, "\" ");
    tare__text_add(text, did);
    tare__text_add(text, "\n");
    for (uint32_t i = 0; i < thread->depth; i++)
        add_frame(text, i, thread->frames[i]);
    if (thread->depth == 0)
        tare__text_add(text, "    its stack can't be had: it blocks every signal that is free\n");
}

void tare__add_deadlock(struct tare__text *text)
{
    struct tare__deadlock deadlock;
    tare__watchdog_last(&deadlock);
    add_thread(text, &deadlock.owner, "held the scope, and was here:");
    add_thread(text, &deadlock.waiter, "waited to allocate or free:");
    tare__text_add(text, "  After ");
    tare__text_add_unsigned(text, deadlock.watchdog_ms);
    tare__text_add(text, " ms (.watchdog_ms) all threads were let go on, beside the scope. If it waited for them\n"
                         "  (a lock they hold, a condition, a pipe), measure by another domain: TARE_FAMILY counts\n"
                         "  this thread and those it starts, TARE_THREAD this one alone while others go on,\n"
                         "  TARE_PROCESS all.\n");
}
