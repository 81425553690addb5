/* SPDX-License-Identifier: MIT */
/* Functions, what was inlined into them, and lines, out of a module's DWARF. */
#ifndef TARE__SYMBOL_DEBUG_H
#define TARE__SYMBOL_DEBUG_H

#include <elfutils/libdwfl.h>

#include "string_pool.h"

/* A function that code belongs to, or one that was inlined into another. */
struct tare__scope_of_code {
    const char *function;  /* demangled; NULL for none */
    const char *plain;     /* what the function is called by itself, where function lacks its parameters; else NULL */
    const char *call_file; /* where it was inlined, NULL for nowhere */
    uint32_t call_line;
    uint32_t outer; /* what it was inlined into, in scopes; 0 for nothing */
};

struct tare__looked_up {
    uint64_t address; /* of the process */
    uint32_t scope;   /* the innermost, in scopes; 0 for none */
    uint32_t line;
    const char *file; /* NULL: there is no debug information */
};

struct tare__debug {
    struct tare__looked_up *addresses; /* ascending, each once */
    size_t address_count;
    struct tare__scope_of_code *scopes; /* index 0 is none; owned by the caller */
    size_t scope_count;
    struct tare__strings *strings;
};

/* Fills in all of the addresses but address. 0, or ENOMEM. */
int tare__debug_look_up(struct tare__debug *debug, Dwfl_Module *module);

#endif
