/* SPDX-License-Identifier: MIT */
/*
 * What a module's calls of malloc reach is in its relocation slots, once they
 * are bound: a slot bound lazily still points into the module itself, and then
 * it has not called yet. Formats: System V gABI, "Dynamic Section"; the hash
 * table as described by U. Drepper and A. Oliva for DT_GNU_HASH.
 */
#include "modules.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <string.h>

#include "capture_store.h"
#include "compiler.h"
#include "file_name.h"
#include "lock.h"

#if defined(__x86_64__)
#define RELOCATION_GLOBAL R_X86_64_GLOB_DAT
#define RELOCATION_CALL R_X86_64_JUMP_SLOT
#else
#define RELOCATION_GLOBAL R_AARCH64_GLOB_DAT
#define RELOCATION_CALL R_AARCH64_JUMP_SLOT
#endif

static unsigned long long modules_at_start;
static uint32_t found_at_start;
static uint32_t found;
static uintptr_t own_low, own_high; /* where this very module is */
static tare__lock looking;

/* What the dynamic section of a module says. */
struct module {
    uintptr_t base, low, high; /* load bias; first and last address */
    const ElfW(Sym) * symbols;
    const char *strings;
    const uint32_t *hash;
    const ElfW(Rela) * relocations[2];
    size_t relocation_bytes[2];
    bool symbolic;
};

struct walk {
    unsigned index;
    bool at_start;
    bool stop;
    uint32_t found;
    struct module program;
};

static uintptr_t address_in(const struct module *module, ElfW(Addr) value)
{
    return value < module->base ? module->base + value : value; /* glibc adds the base in place */
}

static void read_dynamic(struct module *module, const ElfW(Dyn) * dynamic)
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

static struct module read_module(const struct dl_phdr_info *info)
{
    struct module module = {.base = info->dlpi_addr, .low = UINTPTR_MAX};
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

static bool contains(const struct module *module, uintptr_t address)
{
    return address >= module->low && address < module->high;
}

static bool is_hooked_name(const char *name)
{
#define TARE_HOOK(result, hook, parameters)                                                                            \
    if (strcmp(name, #hook) == 0)                                                                                      \
        return true;
#include "hooks.def"
#undef TARE_HOOK
    return false;
}

static bool defines_malloc(const struct module *module)
{
    if (module->hash == NULL || module->symbols == NULL || module->strings == NULL)
        return false;
    const uint32_t buckets = module->hash[0], first = module->hash[1], bloom_words = module->hash[2];
    const uint32_t *bucket = module->hash + 4 + bloom_words * (sizeof(ElfW(Addr)) / sizeof(uint32_t));
    const uint32_t *chain = bucket + buckets;
    uint32_t hash = 5381;
    for (const char *c = "malloc"; *c != '\0'; c++)
        hash = hash * 33 + (unsigned char)*c;
    uint32_t index = buckets != 0 ? bucket[hash % buckets] : 0;
    if (index < first)
        return false;
    do {
        const ElfW(Sym) *symbol = &module->symbols[index];
        if ((chain[index - first] | 1) == (hash | 1) && strcmp(module->strings + symbol->st_name, "malloc") == 0)
            return symbol->st_shndx != SHN_UNDEF;
    } while ((chain[index++ - first] & 1) == 0);
    return false;
}

/* Not by dladdr: that takes another of the loader's locks, inside the one that
 * dl_iterate_phdr holds; dlopen takes them the other way round. */
static bool is_ours(uintptr_t address)
{
    return address >= own_low && address < own_high;
}

static void note_own(const struct module *module)
{
    if (contains(module, (uintptr_t)&modules_at_start)) {
        own_low = module->low;
        own_high = module->high;
    }
}

static bool binds_past_us(const struct module *module, const struct module *program)
{
    if (module->symbols == NULL || module->strings == NULL)
        return false;
    for (int table = 0; table < 2; table++) {
        const ElfW(Rela) *end =
            (const void *)((const char *)module->relocations[table] + module->relocation_bytes[table]);
        for (const ElfW(Rela) *at = module->relocations[table]; at < end; at++) {
            unsigned long type = ELF64_R_TYPE(at->r_info);
            if (type != RELOCATION_GLOBAL && type != RELOCATION_CALL)
                continue;
            const ElfW(Sym) *symbol = &module->symbols[ELF64_R_SYM(at->r_info)];
            if (!is_hooked_name(module->strings + symbol->st_name))
                continue;
            uintptr_t target = *(uintptr_t *)(module->base + at->r_offset);
            if (target != 0 && !contains(module, target) && !contains(program, target) && !is_ours(target))
                return true;
        }
    }
    return false;
}

static int visit(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size;
    struct walk *walk = context;
    unsigned index = walk->index++;
    if (index == 0) {
        if (walk->at_start)
            modules_at_start = info->dlpi_adds;
        else if (info->dlpi_adds == modules_at_start)
            return 1;
        walk->program = read_module(info);
        if (walk->at_start)
            note_own(&walk->program);
        return 0;
    }
    bool loaded_later = index >= modules_at_start;
    if (!loaded_later && !walk->at_start)
        return 0;
    struct module module = read_module(info);
    if (walk->at_start)
        note_own(&module);
    if ((module.symbolic && defines_malloc(&module)) || (loaded_later && binds_past_us(&module, &walk->program)))
        walk->found = TARE_INEXACT_BYPASSED;
    return 0;
}

static bool other_namespace(void)
{
#if __GLIBC_PREREQ(2, 35)
    if (_r_debug.r_version < 2)
        return false;
    const struct r_debug *first = &_r_debug;
    __asm__("" : "+r"(first)); /* the object behind it is the larger one from version 2 on */
    const struct r_debug_extended *next = ((const struct r_debug_extended *)first)->r_next;
    return next != NULL && next->base.r_map != NULL;
#else
    return false;
#endif
}

void tare__modules_start(void)
{
    struct walk walk = {.at_start = true};
    dl_iterate_phdr(visit, &walk);
    found_at_start = found = walk.found;
}

void tare__modules_look(void)
{
    struct walk walk = {.at_start = false};
    tare__lock_acquire(&looking);
    dl_iterate_phdr(visit, &walk);
    tare__lock_release(&looking);
    if (other_namespace())
        walk.found = TARE_INEXACT_BYPASSED;
    TARE__STORE(found, found_at_start | walk.found);
}

void tare__modules_fork_prepare(void)
{
    tare__lock_acquire(&looking);
}

void tare__modules_fork_done(void)
{
    tare__lock_release(&looking);
}

uint32_t tare__modules_inexact(void)
{
    return TARE__LOAD(found);
}

TARE__COLD bool tare__modules_runtime_pool(const void *caller, size_t size)
{
    static const char runtime[] = "libstdc++.so";
    Dl_info info;
    if (dladdr(caller, &info) == 0 || info.dli_fname == NULL)
        return false;
    if (info.dli_sname != NULL) /* operator new, for a global of the program's: only its start-up code has no name */
        return false;
    if (strncmp(tare__file_name(info.dli_fname), runtime, sizeof runtime - 1) != 0)
        return false;
    __atomic_add_fetch(&tare__store->runtime_blocks, 1, __ATOMIC_RELAXED);
    __atomic_add_fetch(&tare__store->runtime_bytes, size, __ATOMIC_RELAXED);
    return true;
}
