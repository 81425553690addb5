/* SPDX-License-Identifier: MIT */
#include "module_records.h"

#include <elf.h>
#include <link.h>
#include <stddef.h>
#include <string.h>

#include "capture_pieces.h"
#include "compiler.h"
#include "os.h"
#include "text.h"
#include "unwind_modules.h"

#define PAGE_BYTES 4096u /* the smallest there is */

static char program_path[sizeof((struct tare__module *)0)->path + 1];
static char start_directory[sizeof program_path];

void tare__module_records_start(void)
{
    tare__os_program_path(program_path, sizeof program_path);
    tare__os_current_directory(start_directory, sizeof start_directory);
}

/* ---- Those that have a record ------------------------------------------------ */

struct known {
    uintptr_t low, end;
    uint64_t identity;
    uint32_t id;
    bool certain;
};

/* Only ever added to, and read without the lock. */
enum { SOME = 127 };
struct some {
    struct known known[SOME];
    uint32_t count;
    struct some *next;
};

static struct some first;

static bool find_known(uintptr_t low, uint64_t identity, struct known *found)
{
    for (const struct some *some = &first; some != NULL; some = __atomic_load_n(&some->next, __ATOMIC_ACQUIRE)) {
        uint32_t count = __atomic_load_n(&some->count, __ATOMIC_ACQUIRE);
        for (uint32_t i = 0; i < count; i++)
            if (some->known[i].low == low && some->known[i].identity == identity) {
                *found = some->known[i];
                return true;
            }
    }
    return false;
}

static bool add_known(const struct known *known)
{
    struct some *some = &first;
    while (some->count == SOME && some->next != NULL)
        some = some->next;
    if (some->count == SOME) {
        struct some *more = tare__os_map(sizeof *more);
        if (more == NULL)
            return false;
        __atomic_store_n(&some->next, more, __ATOMIC_RELEASE);
        some = more;
    }
    some->known[some->count] = *known;
    __atomic_store_n(&some->count, some->count + 1, __ATOMIC_RELEASE);
    return true;
}

static uint32_t epoch_at(uintptr_t low, uintptr_t end)
{
    uint32_t before = 0;
    for (const struct some *some = &first; some != NULL; some = some->next)
        for (uint32_t i = 0; i < some->count; i++)
            before += some->known[i].low < end && low < some->known[i].end;
    return before;
}

void tare__module_records_drop(void)
{
    for (struct some *some = &first; some != NULL; some = some->next)
        some->count = 0;
}

/* ---- What is in the memory of an object -------------------------------------- */

static bool readable(uintptr_t at, uintptr_t end)
{
    for (uintptr_t page = at & ~(uintptr_t)(PAGE_BYTES - 1); page < end; page += PAGE_BYTES)
        if (!tare__os_readable((const void *)page))
            return false;
    return at < end;
}

/* None where the file's header isn't at the begin, or they aren't in its page. */
static const ElfW(Phdr) * segments_of(const struct tare__unwind_module *module, unsigned *count)
{
    const ElfW(Ehdr) *header = (const void *)module->low;
    *count = 0;
    if (module->low % PAGE_BYTES != 0 || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
        header->e_phoff + header->e_phnum * sizeof(ElfW(Phdr)) > PAGE_BYTES)
        return NULL;
    *count = header->e_phnum;
    return (const void *)(module->low + header->e_phoff);
}

static void read_build_id(struct tare__module *record, uintptr_t at, uintptr_t end)
{
    if (at < record->low || end > record->end || !readable(at, end))
        return;
    while (end - at > sizeof(ElfW(Nhdr))) {
        const ElfW(Nhdr) *note = (const void *)at;
        uintptr_t contents = at + sizeof *note + ((note->n_namesz + 3u) & ~3u), next = contents + note->n_descsz;
        if (next > end || next < at)
            return;
        if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 && note->n_descsz <= sizeof record->build_id) {
            memcpy(record->build_id, (const void *)contents, note->n_descsz);
            record->build_id_bytes = note->n_descsz;
            return;
        }
        at = (next + 3u) & ~(uintptr_t)3u;
        if (at > end)
            return;
    }
}

static void read_notes(struct tare__module *record, const struct tare__unwind_module *module)
{
    unsigned count;
    const ElfW(Phdr) *segments = segments_of(module, &count);
    for (unsigned i = 0; i < count && record->build_id_bytes == 0; i++)
        if (segments[i].p_type == PT_NOTE) {
            uintptr_t at = record->bias + segments[i].p_vaddr;
            read_build_id(record, at, at + segments[i].p_filesz);
        }
}

/* ---- Records ------------------------------------------------------------------ */

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

/* Of an object without a build ID: all that is known of it. */
static uint64_t weak_identity(const struct tare__unwind_module *module, const char *name)
{
    uint64_t hash = mix(mix(module->low, module->end), (uintptr_t)module->frame_header);
    for (; *name != '\0'; name++)
        hash = mix(hash, (unsigned char)*name);
    unsigned count;
    const ElfW(Phdr) *segments = segments_of(module, &count);
    for (unsigned i = 0; i < count; i++)
        hash = mix(mix(mix(hash, segments[i].p_vaddr), segments[i].p_memsz), segments[i].p_filesz);
    return hash | 1;
}

static void set_path(struct tare__module *record, const char *name)
{
    struct tare__text path = tare__text_in(record->path, sizeof record->path);
    size_t length = 0;
    if (*name == '\0') {
        name = program_path;
    } else if (*name != '/' && strchr(name, '/') != NULL) {
        tare__text_add(&path, start_directory);
        tare__text_add(&path, "/");
        length = strlen(start_directory) + 1;
        name += strncmp(name, "./", 2) == 0 ? 2 : 0;
    }
    tare__text_add(&path, name);
    record->path_cut = length + strlen(name) >= sizeof record->path;
}

static uint32_t make_record(const struct tare__unwind_module *module, const struct tare__unwind_name *name)
{
    uint32_t id = 0;
    tare__lock_acquire(&tare__pieces_lock);
    struct tare__module *record = tare__piece_new(TARE__PIECE_MODULES, &id);
    if (record != NULL) {
        record->low = module->low;
        record->end = module->end;
        record->bias = name->bias;
        record->load_epoch = epoch_at(module->low, module->end);
        record->is_program = name->is_program;
        set_path(record, name->path);
        read_notes(record, module);
        tare__piece_publish(TARE__PIECE_MODULES, id);
    }
    tare__lock_release(&tare__pieces_lock);
    return record != NULL ? id : 0;
}

static bool seen_before(const struct tare__modules_seen *seen, uintptr_t address, struct tare__module_here *here)
{
    for (uint32_t i = 0; i < sizeof seen->here / sizeof *seen->here; i++)
        if (address - seen->here[i].low < seen->here[i].end - seen->here[i].low) {
            *here = seen->here[i];
            return true;
        }
    return false;
}

static bool look(struct tare__modules_seen *seen, uintptr_t address, struct tare__module_here *here, bool make)
{
    if (seen_before(seen, address, here))
        return true;
    struct tare__unwind_module module;
    *here = (struct tare__module_here){address, address + 1, 0, false, true};
    if (tare__unwind_module_of(address, &module)) {
        struct tare__unwind_name name;
        struct known known = {module.low, module.end, tare__unwind_module_identity(&module), 0, true};
        tare__unwind_module_name(address, &name);
        if (known.identity == 0) {
            known.identity = weak_identity(&module, name.path);
            known.certain = module.stays;
        }
        if (!find_known(module.low, known.identity, &known)) {
            if (!make || (known.id = make_record(&module, &name)) == 0 || !add_known(&known))
                return false;
        }
        *here = (struct tare__module_here){module.low, module.end, known.id, module.stays, known.certain};
    }
    seen->here[seen->next++ % (sizeof seen->here / sizeof *seen->here)] = *here;
    return true;
}

bool tare__module_here(struct tare__modules_seen *seen, uintptr_t address, struct tare__module_here *here)
{
    return look(seen, address, here, false);
}

bool tare__module_record(struct tare__modules_seen *seen, uintptr_t address, struct tare__module_here *here)
{
    return look(seen, address, here, true);
}
