/* SPDX-License-Identifier: MIT */
#include "canary.h"

#include <stdlib.h>
#include <string.h>

/* Anchors the hooks: an archive's member is linked only where a symbol of it is
 * needed, and the program itself may never call malloc. */
extern const char tare__interposed;
#ifndef TARE__WRAP /* there the functions that make threads are taken only by who calls them */
extern const char tare__threads_interposed;
#endif

/* strdup allocates inside libc, so that it is seen only if libc itself finds
 * our malloc. With --wrap libc never does; then our own call must be wrapped. */
static void *allocate_as_the_program_does(void)
{
#ifdef TARE__WRAP
    return malloc(1);
#else
    return strdup("");
#endif
}

TARE__COLD bool tare__canary(struct tare__thread *mine)
{
    mine->canary_seen = false;
    mine->canary_frame = TARE__FRAME;
    (void)*(const volatile char *)&tare__interposed;
#ifndef TARE__WRAP
    (void)*(const volatile char *)&tare__threads_interposed;
#endif
    mine->hot->guard = TARE__GUARD_CANARY;
    void *block = allocate_as_the_program_does();
    mine->hot->guard = TARE__GUARD_OWN;
    if (block != mine->canary)
        free(block);
    return mine->canary_seen && block == mine->canary;
}
