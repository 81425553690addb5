/* SPDX-License-Identifier: MIT */
/* Formats: System V gABI, "Dynamic Section"; the hash table as described by U.
 * Drepper and A. Oliva for DT_GNU_HASH. */
#include "loaded.h"

#include <elf.h>
#include <string.h>

static uintptr_t address_in(const struct tare__loaded *module, ElfW(Addr) value)
{
    return value < module->base ? module->base + value : value; /* glibc adds the base in place */
}

static void read_dynamic(struct tare__loaded *module, const ElfW(Dyn) * dynamic)
{
    for (; dynamic->d_tag != DT_NULL; dynamic++) {
        uintptr_t address = address_in(module, dynamic->d_un.d_ptr);
        switch (dynamic->d_tag) {
        case DT_SYMTAB:
            module->symbols = (const void *)address;
            break;
        case DT_STRTAB:
            module->strings = (const void *)address;
            break;
        case DT_GNU_HASH:
            module->hash = (const void *)address;
            break;
        case DT_RELA:
            module->relocations[0] = (const void *)address;
            break;
        case DT_RELASZ:
            module->relocation_bytes[0] = dynamic->d_un.d_val;
            break;
        case DT_JMPREL:
            module->relocations[1] = (const void *)address;
            break;
        case DT_PLTRELSZ:
            module->relocation_bytes[1] = dynamic->d_un.d_val;
            break;
        case DT_SYMBOLIC:
            module->symbolic = true;
            break;
        case DT_FLAGS:
            module->symbolic |= (dynamic->d_un.d_val & DF_SYMBOLIC) != 0;
            break;
        default:
            break;
        }
    }
}

struct tare__loaded tare__loaded_read(const struct dl_phdr_info *info)
{
    struct tare__loaded module = {.base = info->dlpi_addr, .low = UINTPTR_MAX};
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + header->p_vaddr;
        if (header->p_type == PT_LOAD) {
            if (start < module.low)
                module.low = start;
            if (start + header->p_memsz > module.high)
                module.high = start + header->p_memsz;
        }
        if (header->p_type == PT_DYNAMIC)
            read_dynamic(&module, (const void *)start);
    }
    return module;
}

static uint32_t hash_of(const char *name)
{
    uint32_t hash = 5381;
    for (; *name != '\0'; name++)
        hash = hash * 33 + (unsigned char)*name;
    return hash;
}

const ElfW(Sym) * tare__loaded_symbol(const struct tare__loaded *module, const char *name)
{
    if (module->hash == NULL || module->symbols == NULL || module->strings == NULL)
        return NULL;
    const uint32_t buckets = module->hash[0], first = module->hash[1], bloom_words = module->hash[2];
    const uint32_t *bucket = module->hash + 4 + bloom_words * (sizeof(ElfW(Addr)) / sizeof(uint32_t));
    const uint32_t *chain = bucket + buckets;
    uint32_t hash = hash_of(name);
    uint32_t index = buckets != 0 ? bucket[hash % buckets] : 0;
    if (index < first)
        return NULL;
    do {
        const ElfW(Sym) *symbol = &module->symbols[index];
        if ((chain[index - first] | 1) == (hash | 1) && strcmp(module->strings + symbol->st_name, name) == 0)
            return symbol->st_shndx != SHN_UNDEF ? symbol : NULL;
    } while ((chain[index++ - first] & 1) == 0);
    return NULL;
}

struct search {
    const char *name;
    void *found;
};

static int look_into(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size;
    struct search *search = context;
    const struct tare__loaded module = tare__loaded_read(info);
    const ElfW(Sym) *symbol = tare__loaded_symbol(&module, search->name);
    bool is_function = symbol != NULL && ELF64_ST_TYPE(symbol->st_info) == STT_FUNC;
    if (is_function)
        search->found = (void *)(module.base + symbol->st_value);
    return is_function;
}

void *tare__loaded_function(const char *name)
{
    struct search search = {name, NULL};
    dl_iterate_phdr(look_into, &search);
    return search.found;
}
