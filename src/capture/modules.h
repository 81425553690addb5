/* SPDX-License-Identifier: MIT */
/*
 * Modules whose calls tare can't see: another namespace (dlmopen), a search
 * order of its own (RTLD_DEEPBIND), or a malloc of its own bound at link time
 * (-Bsymbolic). Nobody tells when one is loaded (wrapping dlopen would change
 * its caller's RUNPATH), so the loaded modules are looked at.
 */
#ifndef TARE__MODULES_H
#define TARE__MODULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Remembers which modules the program started with. Once, in the constructor. */
void tare__modules_start(void);

/* Looks at the modules loaded since. Costs some tens of nanoseconds while there
 * are none. Takes the loader's lock: never call it under one of ours. */
void tare__modules_look(void);

/* TARE_INEXACT_BYPASSED or 0, as of the last look. */
uint32_t tare__modules_inexact(void);

/* Around what may load libraries for tare itself: they are none of the program's, and
 * bind malloc as they like. Returns what _end() wants to know. */
unsigned tare__modules_own_begin(void);
void tare__modules_own_end(unsigned before);

/* Around a fork: the loader's lock must not be left to the child as another
 * thread holds it inside tare__modules_look(). */
void tare__modules_fork_prepare(void);
void tare__modules_fork_done(void);

/* True when the block that `caller` asks for while the program starts is a pool
 * of the C++ runtime, which it keeps for ever. Notes it in the store. */
bool tare__modules_runtime_pool(const void *caller, size_t size);

#endif
