/* SPDX-License-Identifier: MIT */
/* The functions that do the work: those that the program would have called
 * without tare. Filled once, before the first thread could exist. */
#ifndef TARE__REAL_H
#define TARE__REAL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <threads.h>

#include "compiler.h"

struct tare__real {
#define TARE_HOOK(result, name, parameters) result(*name) parameters;
#include "hooks.def"
#ifndef TARE__WRAP
#include "thread_hooks.def"
#endif
#undef TARE_HOOK
    pid_t (*vfork)(void);
    size_t minimum;   /* blocks are asked for with at least this size, so that they lie 16 bytes apart; mostly 0 */
    bool wide;        /* blocks lie at least 32 bytes apart */
    bool never_nests; /* known not to call its own public functions: a call inside a call is a signal handler's */
    const char *path; /* of the module that has malloc; lives forever */
};

extern struct tare__real tare__real TARE__HIDDEN;

/* Finds them. Calls dlsym, which may allocate: those calls must end in the boot
 * arena. Returns false where there is no malloc behind this one. */
bool tare__real_find(void);

#endif
