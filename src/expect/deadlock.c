/* SPDX-License-Identifier: MIT */
#include "deadlock.h"

#include "explain.h"
#include "watchdog.h"

static void add_thread(struct tare__text *text, const struct tare__report_thread *thread, const char *did)
{
    tare__text_add(text, "  thread ");
    tare__text_add_signed(text, thread->id);
    tare__text_add(text, " \"");
    tare__text_add(text, thread->name);
    tare__text_add(text, "\" ");
    tare__text_add(text, did);
    tare__text_add(text, "\n");
    tare__explain_stack(text, thread->frames, thread->depth);
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
