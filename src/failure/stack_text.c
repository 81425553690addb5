/* SPDX-License-Identifier: MIT */
/* A stack that is in no record: its modules are those that are loaded now. */
#include <errno.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "failure_text.h"
#include "grow.h"
#include "pieces.h"
#include "sites_text.h"
#include "stack_view.h"
#include "string_pool.h"
#include "symbol.h"

struct loaded {
    struct tare__origins *origins;
    char program[4096];
    int error;
};

static void note_build_id(struct tare__snapshot_module *module, const char *notes, size_t bytes)
{
    static const char owner[] = "GNU";
    while (bytes >= sizeof(ElfW(Nhdr))) {
        const ElfW(Nhdr) *note = (const void *)notes;
        const char *name = notes + sizeof *note, *text = name + ((note->n_namesz + 3) & ~3u);
        size_t length = (size_t)(text - notes) + ((note->n_descsz + 3) & ~3u);
        if (length > bytes)
            return;
        if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == sizeof owner && memcmp(name, owner, 4) == 0 &&
            note->n_descsz <= sizeof module->build_id) {
            memcpy(module->build_id, text, note->n_descsz);
            module->build_id_bytes = note->n_descsz;
        }
        notes += length;
        bytes -= length;
    }
}

static void look_at_headers(struct tare__snapshot_module *module, const struct dl_phdr_info *info)
{
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        uint64_t start = info->dlpi_addr + header->p_vaddr;
        if (header->p_type == PT_LOAD && start < module->low)
            module->low = start;
        if (header->p_type == PT_LOAD && start + header->p_memsz > module->end)
            module->end = start + header->p_memsz;
        if (header->p_type == PT_NOTE)
            note_build_id(module, (const char *)(uintptr_t)start, header->p_memsz);
    }
}

static int add_module(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size;
    struct loaded *loaded = context;
    struct tare__origins *origins = loaded->origins;
    bool is_program = origins->module_count == 1;
    struct tare__snapshot_module *more = tare__grow(origins->modules, origins->module_count, sizeof *more);
    const char *path = tare__strings_add(origins->strings, is_program ? loaded->program : info->dlpi_name);
    loaded->error = more == NULL || path == NULL ? ENOMEM : 0;
    if (more != NULL)
        origins->modules = more;
    if (loaded->error != 0)
        return 1;
    struct tare__snapshot_module *module = &more[origins->module_count++];
    const char *slash = strrchr(path, '/');
    *module = (struct tare__snapshot_module){.low = UINT64_MAX,
                                             .bias = info->dlpi_addr,
                                             .is_program = is_program,
                                             .path = path,
                                             .name = slash != NULL ? slash + 1 : path};
    look_at_headers(module, info);
    return 0;
}

int tare__failure_modules(struct tare__origins *origins)
{
    struct loaded loaded = {.origins = origins};
    ssize_t length = readlink("/proc/self/exe", loaded.program, sizeof loaded.program - 1);
    loaded.program[length > 0 ? length : 0] = '\0';
    origins->strings = tare__strings_new();
    origins->modules = tare__grow(NULL, 0, sizeof *origins->modules);
    if (origins->modules == NULL || origins->strings == NULL)
        return ENOMEM;
    origins->modules[0] = (struct tare__snapshot_module){0}; /* none */
    origins->module_count = 1;
    dl_iterate_phdr(add_module, &loaded);
    return loaded.error;
}

static uint32_t module_of(const struct tare__origins *origins, uint64_t address)
{
    for (size_t i = 1; i < origins->module_count; i++)
        if (address >= origins->modules[i].low && address < origins->modules[i].end)
            return (uint32_t)i;
    return 0;
}

/* Callers first: of each stack the outermost is made before the innermost, whose number is then that of
 * its address, counted from the end. */
static int add_frames(struct tare__origins *origins, const uintptr_t *addresses, uint32_t count)
{
    origins->frames = calloc((size_t)count + 1, sizeof *origins->frames);
    if (origins->frames == NULL)
        return ENOMEM;
    origins->frame_count = (size_t)count + 1;
    for (uint32_t i = 1; i <= count; i++) {
        uint64_t address = addresses[count - i];
        uint32_t caller = i > 1 && addresses[count - i + 1] != 0 ? i - 1 : 0;
        if (address != 0)
            origins->frames[i] = (struct tare__snapshot_frame){.address = address,
                                                               .parent = caller,
                                                               .depth = origins->frames[caller].depth + 1,
                                                               .module = module_of(origins, address - 1)};
    }
    return 0;
}

static void write_stack(const struct tare__origins *origins, uint32_t innermost, FILE *out)
{
    struct tare__stack_view view = tare__stack_view(origins, innermost);
    struct tare__stack_line line;
    char text[TARE__PLACE_BYTES];
    for (unsigned number = 0; tare__stack_view_next(&view, &line);)
        if (!line.hidden)
            fprintf(out, "    #%u %s\n", number++, tare__place_text(text, &line));
}

int tare__failure_stack_text(const uintptr_t *addresses, uint32_t count, FILE *out)
{
    struct tare__origins origins = {0};
    const struct tare__symbolize_options options = {0};
    int error = tare__failure_modules(&origins);
    if (error == 0)
        error = add_frames(&origins, addresses, count);
    if (error == 0)
        error = tare__symbolize(&origins, &options);
    for (uint32_t i = 0; error == 0 && i < count; i++) {
        if (addresses[i] == 0)
            fprintf(out, "\n");
        if (addresses[i] != 0 && (i == 0 || addresses[i - 1] == 0))
            write_stack(&origins, count - i, out);
    }
    tare__origins_free(&origins);
    return error;
}
