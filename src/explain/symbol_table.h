/* SPDX-License-Identifier: MIT */
/* The function symbols of a module, sorted: dwfl_module_addrinfo() reads all of them
 * for each address, which takes a minute for what clang allocates. */
#ifndef TARE__SYMBOL_TABLE_H
#define TARE__SYMBOL_TABLE_H

#include <elfutils/libdwfl.h>
#include <stddef.h>
#include <stdint.h>

struct tare__function_symbol {
    uint64_t start, size; /* in the process; 0 bytes where the table does not say */
    const char *name;     /* the module's */
    unsigned rank;        /* of those at the same start the highest is the one people know */
};

struct tare__symbol_table {
    struct tare__function_symbol *all; /* owned */
    size_t count;
};

/* 0 or ENOMEM. The module must live as long. */
int tare__symbol_table_read(struct tare__symbol_table *table, Dwfl_Module *module);
void tare__symbol_table_free(struct tare__symbol_table *table);

/* The one whose code this is of; NULL for none. */
const struct tare__function_symbol *tare__symbol_at(const struct tare__symbol_table *table, uint64_t address);

#endif
