/* SPDX-License-Identifier: MIT */
#include "symbol_table.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* puts is weak, and _IO_puts global: people know the former. */
static unsigned rank_of(const GElf_Sym *symbol, const char *name)
{
    if (GELF_ST_BIND(symbol->st_info) == STB_LOCAL)
        return 0;
    return 1 + (*name != '_' ? 2u : 0u) + (GELF_ST_BIND(symbol->st_info) == STB_GLOBAL ? 1u : 0u);
}

static bool is_function(const GElf_Sym *symbol, const char *name)
{
    int type = GELF_ST_TYPE(symbol->st_info);
    return name != NULL && *name != '\0' && symbol->st_shndx != SHN_UNDEF && symbol->st_shndx != SHN_ABS &&
           (type == STT_FUNC || type == STT_GNU_IFUNC || type == STT_NOTYPE);
}

/* Of the same start the one to take comes last: one with a size, then the better known. */
static int by_start(const void *a, const void *b)
{
    const struct tare__function_symbol *one = a, *other = b;
    if (one->start != other->start)
        return one->start < other->start ? -1 : 1;
    if ((one->size != 0) != (other->size != 0))
        return one->size != 0 ? 1 : -1;
    if (one->rank != other->rank)
        return one->rank < other->rank ? -1 : 1;
    return strcmp(other->name, one->name);
}

int tare__symbol_table_read(struct tare__symbol_table *table, Dwfl_Module *module)
{
    *table = (struct tare__symbol_table){0};
    int count = dwfl_module_getsymtab(module);
    if (count <= 0)
        return 0;
    table->all = calloc((size_t)count, sizeof *table->all);
    if (table->all == NULL)
        return ENOMEM;
    for (int i = 0; i < count; i++) {
        GElf_Sym symbol;
        GElf_Addr address;
        const char *name = dwfl_module_getsym_info(module, i, &symbol, &address, NULL, NULL, NULL);
        if (is_function(&symbol, name))
            table->all[table->count++] =
                (struct tare__function_symbol){address, symbol.st_size, name, rank_of(&symbol, name)};
    }
    if (table->count > 0)
        qsort(table->all, table->count, sizeof *table->all, by_start);
    return 0;
}

void tare__symbol_table_free(struct tare__symbol_table *table)
{
    free(table->all);
    *table = (struct tare__symbol_table){0};
}

/* How many start at the address or before it. */
static size_t started(const struct tare__symbol_table *table, uint64_t address)
{
    size_t low = 0, high = table->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (table->all[middle].start <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Functions may lie within others; hand-written ones may have no size, and reach to the
 * next one then. */
const struct tare__function_symbol *tare__symbol_at(const struct tare__symbol_table *table, uint64_t address)
{
    enum { NESTED_MOST = 64 };
    const struct tare__function_symbol *sizeless = NULL;
    size_t at = started(table, address);
    for (size_t i = 0; i < NESTED_MOST && at > 0; i++) {
        const struct tare__function_symbol *symbol = &table->all[--at];
        if (symbol->size == 0 && sizeless == NULL && i == 0)
            sizeless = symbol;
        if (symbol->size != 0 && address - symbol->start < symbol->size)
            return symbol;
    }
    return sizeless;
}
