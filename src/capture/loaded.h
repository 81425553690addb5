/* SPDX-License-Identifier: MIT */
/* What a loaded module says of itself in its dynamic section. */
#ifndef TARE__LOADED_H
#define TARE__LOADED_H

#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tare__loaded {
    uintptr_t base, low, high; /* load bias; first and last address */
    const ElfW(Sym) * symbols;
    const char *strings;
    const uint32_t *hash;
    const ElfW(Rela) * relocations[2];
    size_t relocation_bytes[2];
    bool symbolic;
};

struct tare__loaded tare__loaded_read(const struct dl_phdr_info *info);

/* A symbol that it defines, or NULL. */
const ElfW(Sym) * tare__loaded_symbol(const struct tare__loaded *module, const char *name);

/* The function of that name which the program would find first, or NULL: for one that
 * a static program has not, and complains of when it is named. Takes the
 * loader's lock. */
void *tare__loaded_function(const char *name);

#endif
