/* SPDX-License-Identifier: MIT */
/*
 * From addresses to places in the source, by libdw: function, file, line and what
 * was inlined; from separate debug files and debuginfod where the user has set that
 * up; from the dynamic symbols where there is no more. C++ and Rust names are
 * demangled.
 */
#ifndef TARE__SYMBOL_H
#define TARE__SYMBOL_H

#include "snapshot.h"

struct tare__symbolize_options {
    /* Called now and then with how many of how many modules are done; may be NULL. */
    void (*progress)(size_t done, size_t all, void *context);
    void *context;

    /* Directories of separate debug files besides /usr/lib/debug, with colons between
     * them; may be NULL. */
    const char *debug_path;
};

/* Fills in the places of every frame, and each module's problem. A frame of which
 * nothing is known has one place without a function. 0, or ENOMEM. */
int tare__symbolize(struct tare__origins *origins, const struct tare__symbolize_options *options);

#endif
