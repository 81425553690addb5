/* SPDX-License-Identifier: MIT */
/* A module's file, opened by libdw, and nothing but the one that was recorded. */
#ifndef TARE__SYMBOL_MODULE_H
#define TARE__SYMBOL_MODULE_H

#include <elfutils/libdwfl.h>

#include "snapshot.h"

struct tare__symbol_module {
    Dwfl *dwfl; /* NULL: it can't be had */
    Dwfl_Module *module;
    char *debug_path; /* libdw looks into this and the next by their addresses */
    Dwfl_Callbacks callbacks;
};

/* Where it can't be had, problem (of size bytes) says why. debug_path is that of struct
 * tare__symbolize_options. Close it in every case. */
void tare__symbol_module_open(struct tare__symbol_module *module, const struct tare__snapshot_module *recorded,
                              const char *debug_path, char *problem, size_t size);
void tare__symbol_module_close(struct tare__symbol_module *module);

#endif
