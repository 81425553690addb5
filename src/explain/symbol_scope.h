/* SPDX-License-Identifier: MIT */
/* What functions are called, by their entries in the debug information. */
#ifndef TARE__SYMBOL_SCOPE_H
#define TARE__SYMBOL_SCOPE_H

#include <elfutils/libdw.h>
#include <stdbool.h>

#include "string_pool.h"

/* A compile unit, for names in it. Begin with all but unit 0. */
struct tare__naming {
    Dwarf_Die *unit;
    struct tare__strings *strings;
    struct tare__enclosing *enclosing; /* what encloses what, by offset, once it was asked for */
    size_t enclosing_count;
};

/* NULL for no name, or no memory: then errno is ENOMEM, else 0. plain is NULL, or where
 * parameters are missing that the symbol table may have, the name by itself. */
const char *tare__function_name(struct tare__naming *naming, Dwarf_Die *function, const char **plain);
void tare__naming_end(struct tare__naming *naming);

#endif
