/* SPDX-License-Identifier: MIT */
#include "unwind_modules.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stddef.h>
#include <string.h>

#include "compiler.h"
#include "file_name.h"

/* ---- The modules of the start ------------------------------------------------ */

enum { MODULES_MAX = 256 };

struct module {
    struct tare__unwind_module place;
    struct tare__unwind_name called;
    const char *name;          /* DT_SONAME, or the file's */
    const char *strings;       /* those of dynamic */
    const ElfW(Dyn) * dynamic; /* NULL: there is none */
};

static struct module modules[MODULES_MAX];
static uint32_t modules_count;

static void read_dynamic(struct module *module, uintptr_t base)
{
    const ElfW(Dyn) *name = NULL;
    for (const ElfW(Dyn) *at = module->dynamic; at->d_tag != DT_NULL; at++)
        if (at->d_tag == DT_STRTAB) /* glibc adds the base in place */
            module->strings = (const char *)(at->d_un.d_ptr < base ? base + at->d_un.d_ptr : at->d_un.d_ptr);
        else if (at->d_tag == DT_SONAME)
            name = at;
    if (name != NULL && module->strings != NULL)
        module->name = module->strings + name->d_un.d_val;
}

static struct module read_module(const struct dl_phdr_info *info)
{
    struct module module = {.place = {.low = UINTPTR_MAX}, .name = tare__file_name(info->dlpi_name)};
    module.called = (struct tare__unwind_name){info->dlpi_name, info->dlpi_addr, modules_count == 0};
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + header->p_vaddr;
        if (header->p_type == PT_LOAD) {
            if (start < module.place.low)
                module.place.low = start;
            if (start + header->p_memsz > module.place.end)
                module.place.end = start + header->p_memsz;
        }
        if (header->p_type == PT_GNU_EH_FRAME)
            module.place.frame_header = (const uint8_t *)start;
        if (header->p_type == PT_DYNAMIC)
            module.dynamic = (const void *)start;
    }
    if (module.dynamic != NULL)
        read_dynamic(&module, info->dlpi_addr);
    return module;
}

static int add_module(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size;
    (void)context;
    if (modules_count == MODULES_MAX)
        return 1;
    modules[modules_count] = read_module(info);
    if (modules_count == 0)
        modules[0].place.stays = true; /* the program */
    modules_count++;
    return 0;
}

/* Whether it was new that this one stays. */
static bool stays_too(const char *name)
{
    for (uint32_t i = 1; i < modules_count; i++)
        if (!modules[i].place.stays && strcmp(modules[i].name, name) == 0)
            return modules[i].place.stays = true;
    return false;
}

static bool mark_needed(const struct module *module)
{
    bool found = false;
    if (!module->place.stays || module->dynamic == NULL || module->strings == NULL)
        return false;
    for (const ElfW(Dyn) *at = module->dynamic; at->d_tag != DT_NULL; at++)
        if (at->d_tag == DT_NEEDED)
            found |= stays_too(tare__file_name(module->strings + at->d_un.d_val));
    return found;
}

/* Those preloaded: the loader lists what a program starts with first, and behind it
 * what dlopen() adds. */
static void mark_before_needed(void)
{
    uint32_t last = modules_count;
    while (last > 0 && !modules[last - 1].place.stays)
        last--;
    while (last-- > 0)
        modules[last].place.stays = true;
}

void tare__unwind_modules_start(void)
{
    if (modules_count != 0)
        return;
    dl_iterate_phdr(add_module, NULL);
    for (bool found = true; found;) {
        found = false;
        for (uint32_t i = 0; i < modules_count; i++)
            found |= mark_needed(&modules[i]);
    }
    mark_before_needed();
}

static const struct module *module_of_start(uintptr_t address)
{
    for (uint32_t i = 0; i < modules_count; i++)
        if (address - modules[i].place.low < modules[i].place.end - modules[i].place.low)
            return &modules[i];
    return NULL;
}

/* ---- By the loader ----------------------------------------------------------- */

struct found_object { /* glibc's struct dl_find_object, of 2.35 and later */
    unsigned long long flags;
    void *low, *end;
    struct link_map *link_map;
    void *frame_header;
    unsigned long long reserved[7];
};
int find_object(void *address, struct found_object *found) __asm__("_dl_find_object") __attribute__((weak));

bool tare__unwind_module_of(uintptr_t address, struct tare__unwind_module *module)
{
    const struct module *at_start = module_of_start(address);
    if (at_start != NULL && at_start->place.stays) {
        *module = at_start->place;
        return true;
    }
    struct found_object found;
    if (find_object == NULL || find_object((void *)address, &found) != 0)
        return false;
    *module = (struct tare__unwind_module){(uintptr_t)found.low, (uintptr_t)found.end, found.frame_header, false};
    return true;
}

void tare__unwind_module_name(uintptr_t address, struct tare__unwind_name *name)
{
    const struct module *at_start = module_of_start(address);
    struct found_object found;
    *name = (struct tare__unwind_name){"", 0, false};
    if (at_start != NULL && at_start->place.stays)
        *name = at_start->called;
    else if (find_object != NULL && find_object((void *)address, &found) == 0)
        *name = (struct tare__unwind_name){found.link_map->l_name, found.link_map->l_addr,
                                           found.link_map->l_name[0] == '\0'};
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

/* Of the first page alone: that is there where the module is. */
enum { FIRST_BYTES = 4096 };

static uint64_t hash_build_id(const uint8_t *page, size_t at, size_t end, uint64_t hash)
{
    while (at + sizeof(ElfW(Nhdr)) + 4 <= end) {
        const ElfW(Nhdr) *note = (const void *)(page + at);
        size_t contents = at + sizeof *note + ((note->n_namesz + 3u) & ~3u);
        if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 && note->n_descsz >= 16 &&
            contents + note->n_descsz <= end) {
            uint64_t words[2];
            memcpy(words, page + contents, sizeof words);
            return mix(mix(hash, words[0]), words[1]) | 1;
        }
        at = contents + ((note->n_descsz + 3u) & ~3u);
    }
    return 0;
}

uint64_t tare__unwind_module_identity(const struct tare__unwind_module *module)
{
    const ElfW(Ehdr) *header = (const void *)module->low;
    if (module->low % FIRST_BYTES != 0 || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
        header->e_phoff + header->e_phnum * sizeof(ElfW(Phdr)) > FIRST_BYTES)
        return 0;
    uint64_t hash = mix(mix(module->low, module->end), (uintptr_t)module->frame_header);
    const ElfW(Phdr) *segments = (const void *)(module->low + header->e_phoff);
    for (unsigned i = 0; i < header->e_phnum; i++)
        if (segments[i].p_type == PT_NOTE && segments[i].p_offset + segments[i].p_filesz <= FIRST_BYTES) {
            uint64_t identity = hash_build_id((const uint8_t *)module->low, segments[i].p_offset,
                                              segments[i].p_offset + segments[i].p_filesz, hash);
            if (identity != 0)
                return identity;
        }
    return 0;
}
