/* SPDX-License-Identifier: MIT */
/*
 * What a module's calls of malloc reach is in its relocation slots, once they
 * are bound: a slot bound lazily still points into the module itself, and then
 * it has not called yet.
 */
#include "modules.h"

#include <dlfcn.h>
#include <elf.h>
#include <limits.h>
#include <link.h>
#include <string.h>

#include "capture_store.h"
#include "compiler.h"
#include "file_name.h"
#include "loaded.h"
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

/* Libraries that tare itself has loaded, by their load bias. They are never unloaded. */
#define OWN_LIBRARIES_MAX 64u
static uintptr_t own_libraries[OWN_LIBRARIES_MAX];
static unsigned own_library_count;

struct walk {
    unsigned index;
    bool at_start;
    bool stop;
    uint32_t found;
    struct tare__loaded program;
};

static bool contains(const struct tare__loaded *module, uintptr_t address)
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

static bool defines_malloc(const struct tare__loaded *module)
{
    return tare__loaded_symbol(module, "malloc") != NULL;
}

/* Not by dladdr: that takes another of the loader's locks, inside the one that
 * dl_iterate_phdr holds; dlopen takes them the other way round. */
static bool is_ours(uintptr_t address)
{
    return address >= own_low && address < own_high;
}

static void note_own(const struct tare__loaded *module)
{
    if (contains(module, (uintptr_t)&modules_at_start)) {
        own_low = module->low;
        own_high = module->high;
    }
}

static bool is_own_library(uintptr_t base)
{
    for (unsigned i = 0; i < own_library_count; i++)
        if (own_libraries[i] == base)
            return true;
    return false;
}

static bool binds_past_us(const struct tare__loaded *module, const struct tare__loaded *program)
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
        walk->program = tare__loaded_read(info);
        if (walk->at_start)
            note_own(&walk->program);
        return 0;
    }
    bool loaded_later = index >= modules_at_start;
    if ((!loaded_later && !walk->at_start) || is_own_library(info->dlpi_addr))
        return 0;
    struct tare__loaded module = tare__loaded_read(info);
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

/* New ones are at the end of the loader's list. */
struct own {
    unsigned index, before;
};

static int note_own_library(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size;
    struct own *own = context;
    if (own->index++ >= own->before && own_library_count < OWN_LIBRARIES_MAX && !is_own_library(info->dlpi_addr))
        own_libraries[own_library_count++] = info->dlpi_addr;
    return 0;
}

unsigned tare__modules_own_begin(void)
{
    struct own own = {.before = UINT_MAX};
    tare__lock_acquire(&looking);
    dl_iterate_phdr(note_own_library, &own);
    tare__lock_release(&looking);
    return own.index;
}

void tare__modules_own_end(unsigned before)
{
    struct own own = {.before = before};
    tare__lock_acquire(&looking);
    dl_iterate_phdr(note_own_library, &own);
    tare__lock_release(&looking);
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
