/* SPDX-License-Identifier: MIT */
/*
 * Which module an address is in, without the loader's lock: by _dl_find_object
 * (glibc 2.35); elsewhere among those that were there at the start.
 *
 * A rule that is remembered for an address must not outlive what is there.
 *   - The program, what is preloaded and the modules that it needs, directly or not,
 *     are never unloaded: glibc's dlclose() unloads only what dlopen() loaded. Their
 *     rules hold for good, and cost nothing to check.
 *   - Any other module may be closed, and another be loaded in its place. While a
 *     thread has a frame in a module it stays, so it is enough to look once in
 *     each walk that comes through it: its place and its build ID, a hash of its
 *     contents, must be those under which the rules were remembered (`fresh`).
 *     Comparing the loader's own figures would not do: the next module gets the
 *     same address, and the same blocks from malloc for its description.
 *   - Of a module without a build ID nothing is remembered.
 */
#ifndef TARE__UNWIND_MODULES_H
#define TARE__UNWIND_MODULES_H

#include <stdbool.h>
#include <stdint.h>

struct tare__unwind_module {
    uintptr_t low, end;
    const uint8_t *frame_header; /* its .eh_frame_hdr; NULL for none */
    bool stays;                  /* it is never unloaded */
};

void tare__unwind_modules_start(void);

/* False where the address is in none, or it can't be told. */
bool tare__unwind_module_of(uintptr_t address, struct tare__unwind_module *module);

/* What the loader calls the module that was found at an address. */
struct tare__unwind_name {
    const char *path; /* empty for the program's, unless it was started by the loader's name */
    uintptr_t bias;   /* address less that in the file */
    bool is_program;
};
void tare__unwind_module_name(uintptr_t address, struct tare__unwind_name *name);

/* 0, or a number that tells this module here from any other here or elsewhere. */
uint64_t tare__unwind_module_identity(const struct tare__unwind_module *module);

#endif
