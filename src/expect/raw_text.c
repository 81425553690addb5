/* SPDX-License-Identifier: MIT */
/* The file is one that this process has written just now, so its ids can be trusted. */
#include "raw_text.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "explaining.h"
#include "file_name.h"
#include "store.h"

enum { NAME_BYTES = 60 /* of a function: C++ has longer ones than anybody reads */, SITES_MAX = 10, FRAMES_MAX = 20 };

/* ---- An address ------------------------------------------------------------- */

static void add_name(struct tare__text *text, const char *name)
{
    char cut[NAME_BYTES];
    struct tare__text line = tare__text_in(cut, sizeof cut);
    tare__text_add(&line, name);
    tare__text_add(text, cut);
    if (line.length >= sizeof cut)
        tare__text_add(text, "...");
}

static void add_place(struct tare__text *text, const char *path, uint64_t offset)
{
    tare__text_add(text, tare__file_name(path));
    tare__text_add(text, "+");
    tare__text_add_hex(text, offset);
}

/* Where no symbol is known, the place in the module's file, as addr2line takes it. */
void tare__raw_address(struct tare__text *text, uintptr_t address)
{
    Dl_info info;
    if (dladdr((void *)(address - 1), &info) == 0 || info.dli_fname == NULL) {
        tare__text_add_hex(text, address);
    } else if (info.dli_sname != NULL) {
        add_name(text, info.dli_sname);
        tare__text_add(text, "+");
        tare__text_add_hex(text, address - (uintptr_t)info.dli_saddr);
        tare__text_add(text, " in ");
        tare__text_add(text, tare__file_name(info.dli_fname));
    } else {
        add_place(text, info.dli_fname, address - 1 - (uintptr_t)info.dli_fbase);
    }
}

/* ---- The file --------------------------------------------------------------- */

struct file {
    const struct tare__store *store; /* NULL where it can't be read */
    size_t bytes;
};

static struct file open_file(const char *path)
{
    struct file file = {NULL, 0};
    struct stat status;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return file;
    if (fstat(descriptor, &status) == 0 && status.st_size > 0) {
        void *mapped = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED, descriptor, 0);
        if (mapped != MAP_FAILED)
            file = (struct file){mapped, (size_t)status.st_size};
    }
    close(descriptor);
    return file;
}

static const struct tare__piece *piece_at(const struct file *file, uint32_t number)
{
    const char *start = (const char *)file->store + file->store->pieces_offset;
    return (const void *)(start + (size_t)number * file->store->piece_bytes);
}

static const void *record(const struct file *file, uint32_t kind, uint32_t id)
{
    for (uint32_t i = 0; id != 0 && i < file->store->piece_count; i++) {
        const struct tare__piece *piece = piece_at(file, i);
        if (piece->kind == kind && id > piece->first_id && id - piece->first_id < piece->used)
            return (const char *)piece + (size_t)(id - piece->first_id) * piece->record_bytes;
    }
    return NULL;
}

/* ---- Stacks ----------------------------------------------------------------- */

/* A static program has no dynamic symbols, but its record names the module. */
static void add_frame(struct tare__text *text, const struct file *file, const struct tare__frame *frame)
{
    const struct tare__module *module = record(file, TARE__PIECE_MODULES, frame->module);
    Dl_info info;
    tare__text_add(text, "      ");
    if ((frame->flags & TARE__FRAME_TRUNCATED) != 0)
        tare__text_add(text, "(its callers are missing)");
    else if (module != NULL && (dladdr((void *)(uintptr_t)(frame->address - 1), &info) == 0 || info.dli_sname == NULL))
        add_place(text, module->path, frame->address - 1 - module->bias);
    else
        tare__raw_address(text, frame->address);
    tare__text_add(text, "\n");
}

static void add_stack(struct tare__text *text, const struct file *file, uint32_t stack)
{
    const struct tare__frame *frame = record(file, TARE__PIECE_FRAMES, stack);
    for (int i = 0; frame != NULL && i < FRAMES_MAX; i++) {
        add_frame(text, file, frame);
        stack = frame->parent;
        frame = record(file, TARE__PIECE_FRAMES, stack);
    }
    if (frame != NULL)
        tare__text_add(text, "      ... and the callers of these\n");
}

/* ---- Sites ------------------------------------------------------------------ */

static int64_t allocations(const struct tare__store *store, const struct tare__site *site)
{
    (void)store;
    return (int64_t)site->allocations;
}

static int64_t bytes_allocated(const struct tare__store *store, const struct tare__site *site)
{
    (void)store;
    return (int64_t)site->bytes_allocated;
}

static int64_t reallocations(const struct tare__store *store, const struct tare__site *site)
{
    (void)store;
    return (int64_t)site->reallocations;
}

static int64_t live(const struct tare__store *store, const struct tare__site *site)
{
    (void)store;
    return site->live_bytes - site->elsewhere_bytes;
}

static int64_t peak(const struct tare__store *store, const struct tare__site *site)
{
    return site->peak_at == store->peak_net ? site->peak_bytes : live(store, site);
}

static const struct {
    const char *heading, *unit;
    uint32_t statistics;
    int64_t (*value)(const struct tare__store *store, const struct tare__site *site);
} metrics[] = {
    {"most allocations", "allocation", TARE__STATISTIC_BIT(allocations), allocations},
    {"most bytes allocated", "byte", TARE__STATISTIC_BIT(bytes_allocated), bytes_allocated},
    {"most reallocations", "reallocation", TARE__STATISTIC_BIT(reallocations) | TARE__STATISTIC_BIT(bytes_reallocated),
     reallocations},
    {"live at the peak", "byte", TARE__STATISTIC_BIT(peak_bytes), peak},
    {"leaked", "byte", TARE__STATISTIC_BIT(leaked_allocations) | TARE__STATISTIC_BIT(leaked_bytes), live},
};
enum { METRICS = sizeof metrics / sizeof *metrics };

/* A leak may be of no bytes. */
static bool counts(unsigned metric, const struct tare__site *site, int64_t value)
{
    return value > 0 || (metrics[metric].value == live && site->live_blocks > site->elsewhere_blocks);
}

/* Sites are ordered by value, the largest first, and then as they are in the file. */
struct listed {
    const struct tare__site *site;
    int64_t value;
};

/* The next one after `before`, of which site is NULL at first. */
static struct listed next_site(const struct file *file, unsigned metric, struct listed before)
{
    struct listed best = {NULL, INT64_MIN};
    for (uint32_t i = 0; i < file->store->piece_count; i++) {
        const struct tare__piece *piece = piece_at(file, i);
        const struct tare__site *sites = (const void *)piece;
        for (uint32_t k = 1; piece->kind == TARE__PIECE_SITES && k < piece->used; k++) {
            int64_t value = metrics[metric].value(file->store, &sites[k]);
            bool is_later =
                before.site == NULL || value < before.value || (value == before.value && &sites[k] > before.site);
            if (is_later && value > best.value && counts(metric, &sites[k], value))
                best = (struct listed){&sites[k], value};
        }
    }
    return best;
}

static void add_list(struct tare__text *text, const struct file *file, unsigned metric)
{
    struct listed at = next_site(file, metric, (struct listed){NULL, 0});
    if (at.site == NULL)
        return;
    tare__text_add(text, metrics[metric].heading);
    tare__text_add(text, ":\n");
    for (int i = 0; i < SITES_MAX && at.site != NULL; i++) {
        tare__text_add(text, "  ");
        tare__text_add_signed(text, at.value);
        tare__text_add(text, " ");
        tare__text_add(text, metrics[metric].unit);
        tare__text_add(text, at.value == 1 ? "\n" : "s\n");
        add_stack(text, file, at.site->stack);
        at = next_site(file, metric, at);
    }
    if (at.site != NULL)
        tare__text_add(text, "  ... and more\n");
}

void tare__raw_scope(struct tare__text *text, const char *path, uint32_t violated)
{
    struct file file = open_file(path);
    if (file.store == NULL)
        return;
    for (unsigned i = 0; i < METRICS; i++)
        if ((violated & metrics[i].statistics) != 0)
            add_list(text, &file, i);
    munmap((void *)(uintptr_t)file.store, file.bytes);
}
