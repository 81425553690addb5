/* SPDX-License-Identifier: MIT */
/* Where functions are, by their names: in the symbol table, and where they were inlined, in the debug
 * information. */
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <errno.h>
#include <string.h>

#include "failure_text.h"
#include "pattern.h"
#include "string_pool.h"
#include "symbol_module.h"
#include "symbol_name.h"
#include "symbol_scope.h"
#include "symbol_table.h"

enum { NAME_BYTES = 4096, DEEPEST = 512 };

struct search {
    const char *pattern;
    void (*range)(uintptr_t low, uintptr_t end, void *context);
    void *context;
    struct tare__strings *strings;
    struct tare__naming naming;
    Dwarf_Addr bias;
    int error;
};

/* With its parameters, or without. */
static bool is_like(const struct search *search, const char *name)
{
    char plain[NAME_BYTES];
    if (name == NULL || tare__matches(search->pattern, name))
        return name != NULL;
    const char *parameters = strchr(name, '(');
    size_t length = parameters != NULL ? (size_t)(parameters - name) : 0;
    if (length == 0 || length >= sizeof plain)
        return false;
    memcpy(plain, name, length);
    plain[length] = '\0';
    return tare__matches(search->pattern, plain);
}

/* ---- Symbols ---------------------------------------------------------------- */

static void look_at_symbols(struct search *search, Dwfl_Module *module)
{
    struct tare__symbol_table table;
    search->error = tare__symbol_table_read(&table, module);
    for (size_t i = 0; i < table.count && search->error == 0; i++) {
        const struct tare__function_symbol *symbol = &table.all[i];
        const char *name = tare__symbol_function(search->strings, symbol->name);
        search->error = name == NULL ? ENOMEM : 0;
        if (symbol->size != 0 && (tare__matches(search->pattern, symbol->name) || is_like(search, name)))
            search->range(symbol->start, symbol->start + symbol->size, search->context);
    }
    tare__symbol_table_free(&table);
}

/* ---- What was inlined -------------------------------------------------------- */

static void tell_ranges(const struct search *search, Dwarf_Die *entry)
{
    ptrdiff_t offset = 0;
    Dwarf_Addr base = 0, low, end;
    while ((offset = dwarf_ranges(entry, offset, &base, &low, &end)) > 0)
        if (low < end)
            search->range(low + search->bias, end + search->bias, search->context);
}

static void look_inside(struct search *search, Dwarf_Die *parent, int depth)
{
    Dwarf_Die entry;
    if (depth == DEEPEST || dwarf_child(parent, &entry) != 0)
        return;
    do {
        const char *plain = NULL;
        if (dwarf_tag(&entry) == DW_TAG_inlined_subroutine) {
            const char *name = tare__function_name(&search->naming, &entry, &plain);
            if (is_like(search, name) || is_like(search, plain))
                tell_ranges(search, &entry);
        }
        if (dwarf_haschildren(&entry) == 1)
            look_inside(search, &entry, depth + 1);
    } while (dwarf_siblingof(&entry, &entry) == 0);
}

static void look_at_debug_information(struct search *search, Dwfl_Module *module)
{
    for (Dwarf_Die *unit = NULL; (unit = dwfl_module_nextcu(module, unit, &search->bias)) != NULL;) {
        search->naming = (struct tare__naming){.unit = unit, .strings = search->strings};
        look_inside(search, unit, 0);
        tare__naming_end(&search->naming);
    }
}

/* ---- All of it --------------------------------------------------------------- */

/* libc's own debug information would be asked for far and wide, and names nothing that its symbols don't. */
static bool is_systems(const struct tare__snapshot_module *module)
{
    return strncmp(module->name, "libc.so", 7) == 0 || strncmp(module->name, "ld-linux", 8) == 0 ||
           strncmp(module->name, "libtare", 7) == 0 || strncmp(module->name, "linux-vdso", 10) == 0;
}

static void look_at_module(struct search *search, const struct tare__snapshot_module *recorded)
{
    struct tare__symbol_module module;
    char problem[256];
    tare__symbol_module_open(&module, recorded, NULL, problem, sizeof problem);
    if (module.dwfl != NULL) {
        look_at_symbols(search, module.module);
        if (search->error == 0 && !is_systems(recorded))
            look_at_debug_information(search, module.module);
    }
    tare__symbol_module_close(&module);
}

int tare__failure_functions(const char *pattern, void (*range)(uintptr_t low, uintptr_t end, void *context),
                            void *context)
{
    struct tare__origins origins = {0};
    struct search search = {.pattern = pattern, .range = range, .context = context};
    search.error = tare__failure_modules(&origins);
    search.strings = origins.strings;
    for (size_t i = 1; i < origins.module_count && search.error == 0; i++)
        look_at_module(&search, &origins.modules[i]);
    tare__origins_free(&origins);
    return search.error;
}
