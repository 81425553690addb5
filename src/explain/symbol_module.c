/* SPDX-License-Identifier: MIT */
/*
 * By the recorded path, if what lies there still has the recorded build ID. Else by
 * the build ID: a separate debug file has all that symbols need, and debuginfod may
 * have the file, if the user has set DEBUGINFOD_URLS. It is libdw that asks, and
 * it asks nobody where that is not set.
 *
 * A path may come from a record that a stranger made, so no more than a regular
 * file is opened.
 */
#include "symbol_module.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SYSTEM_DEBUG_PATH "/usr/lib/debug"

/* ---- Reporting it to libdw -------------------------------------------------- */

static bool begin(struct tare__symbol_module *module)
{
    module->dwfl = dwfl_begin(&module->callbacks);
    module->module = NULL;
    if (module->dwfl != NULL)
        dwfl_report_begin(module->dwfl);
    return module->dwfl != NULL;
}

/* As before begin(). False. */
static bool drop(struct tare__symbol_module *module)
{
    dwfl_end(module->dwfl);
    module->dwfl = NULL;
    module->module = NULL;
    return false;
}

/* Whether it is there; if not, it is dropped. */
static bool finish(struct tare__symbol_module *module)
{
    bool reported = module->module != NULL && dwfl_report_end(module->dwfl, NULL, NULL) == 0;
    return reported || drop(module);
}

/* The file is closed by libdw, or here. */
static bool report_file(struct tare__symbol_module *module, const struct tare__snapshot_module *recorded,
                        const char *path, int file)
{
    bool begun = begin(module);
    if (begun)
        module->module = dwfl_report_elf(module->dwfl, recorded->name, path, file, recorded->bias, true);
    if (!begun || module->module == NULL)
        close(file);
    return begun && finish(module);
}

/* For libdw to find by its build ID. */
static bool report_build_id(struct tare__symbol_module *module, const struct tare__snapshot_module *recorded)
{
    GElf_Addr bias;
    if (!begin(module))
        return false;
    module->module = dwfl_report_module(module->dwfl, recorded->name, recorded->low, recorded->end);
    if (module->module != NULL &&
        dwfl_module_report_build_id(module->module, recorded->build_id, recorded->build_id_bytes, 0) != 0)
        module->module = NULL;
    if (!finish(module))
        return false;
    return dwfl_module_getelf(module->module, &bias) != NULL || drop(module);
}

static bool has_build_id(const struct tare__symbol_module *module, const struct tare__snapshot_module *recorded)
{
    const unsigned char *bits;
    GElf_Addr address;
    int bytes = dwfl_module_build_id(module->module, &bits, &address);
    if (bytes < 0)
        bytes = 0;
    return (uint32_t)bytes == recorded->build_id_bytes &&
           (bytes == 0 || memcmp(bits, recorded->build_id, (size_t)bytes) == 0);
}

/* ---- Finding it ------------------------------------------------------------- */

/* Of a regular file; else -1 and errno, 0 for no regular file. */
static int open_file(const char *path)
{
    struct stat status;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0 || (fstat(file, &status) == 0 && S_ISREG(status.st_mode)))
        return file;
    close(file);
    errno = 0;
    return -1;
}

/* The vDSO has no file, but that of another process is ours, unless the kernel is
 * another by now. */
static int open_vdso(void)
{
    const ElfW(Ehdr) *header = (const void *)getauxval(AT_SYSINFO_EHDR);
    int file = header == NULL ? -1 : memfd_create("vdso", MFD_CLOEXEC);
    if (file < 0)
        return -1;
    size_t bytes = header->e_shoff + (size_t)header->e_shnum * header->e_shentsize; /* they come last */
    if (write(file, header, bytes) == (ssize_t)bytes)
        return file;
    close(file);
    return -1;
}

static bool is_vdso(const struct tare__snapshot_module *recorded)
{
    return strncmp(recorded->path, "linux-vdso.", strlen("linux-vdso.")) == 0;
}

static bool open_recorded(struct tare__symbol_module *module, const struct tare__snapshot_module *recorded,
                          char *problem, size_t size)
{
    if (recorded->problem != NULL) { /* with its path */
        snprintf(problem, size, "%s", recorded->problem);
        return false;
    }
    int file = is_vdso(recorded) ? open_vdso() : open_file(recorded->path);
    if (file < 0) {
        if (errno == ENOENT || errno == ENOTDIR)
            snprintf(problem, size, "is gone");
        else if (errno == 0)
            snprintf(problem, size, "is no regular file");
        else
            snprintf(problem, size, "can't be read: %s", strerror(errno));
        return false;
    }
    if (!report_file(module, recorded, recorded->path, file)) {
        snprintf(problem, size, "can't be read: %s", dwfl_errmsg(-1));
        return false;
    }
    if (has_build_id(module, recorded))
        return true;
    snprintf(problem, size, "was rebuilt since: its build ID differs");
    return drop(module);
}

/* DIRECTORY/.build-id/xx/yyyy.debug */
static bool open_debug_file(struct tare__symbol_module *module, const struct tare__snapshot_module *recorded,
                            const char *directory, int length)
{
    char path[4096], id[2 * sizeof recorded->build_id + 1];
    for (uint32_t i = 0; i < recorded->build_id_bytes; i++)
        snprintf(id + 2 * i, 3, "%02x", recorded->build_id[i]);
    int written = snprintf(path, sizeof path, "%.*s/.build-id/%.2s/%s.debug", length, directory, id, id + 2);
    int file = written < (int)sizeof path ? open_file(path) : -1;
    if (file < 0 || !report_file(module, recorded, path, file))
        return false;
    return has_build_id(module, recorded) || drop(module);
}

static bool open_by_build_id(struct tare__symbol_module *module, const struct tare__snapshot_module *recorded)
{
    enum { SHORTEST = 3 }; /* bytes, of which the first names a directory */
    if (recorded->build_id_bytes < SHORTEST)
        return false;
    for (const char *at = module->debug_path; *at != '\0';) {
        int length = (int)strcspn(at, ":");
        if (*at == '/' && open_debug_file(module, recorded, at, length))
            return true;
        at += length + (at[length] == ':');
    }
    return report_build_id(module, recorded);
}

/* ---- The module ------------------------------------------------------------- */

/* In libdw's way: beside the module, below ".debug" there, and in directories with
 * absolute paths, by build ID and by name. */
static bool find_places(struct tare__symbol_module *module, const char *debug_path)
{
    bool is_set = debug_path != NULL && *debug_path != '\0';
    if (asprintf(&module->debug_path, ":.debug:%s%s" SYSTEM_DEBUG_PATH, is_set ? debug_path : "", is_set ? ":" : "") <
        0)
        module->debug_path = NULL;
    module->callbacks = (Dwfl_Callbacks){
        .find_elf = dwfl_build_id_find_elf,
        .find_debuginfo = dwfl_standard_find_debuginfo,
        .section_address = dwfl_offline_section_address,
        .debuginfo_path = &module->debug_path,
    };
    return module->debug_path != NULL;
}

void tare__symbol_module_open(struct tare__symbol_module *module, const struct tare__snapshot_module *recorded,
                              const char *debug_path, char *problem, size_t size)
{
    *module = (struct tare__symbol_module){0};
    *problem = '\0';
    if (!find_places(module, debug_path))
        snprintf(problem, size, "can't be read: %s", strerror(ENOMEM));
    else if (open_recorded(module, recorded, problem, size) || open_by_build_id(module, recorded))
        *problem = '\0';
}

void tare__symbol_module_close(struct tare__symbol_module *module)
{
    if (module->dwfl != NULL)
        dwfl_end(module->dwfl);
    free(module->debug_path);
    *module = (struct tare__symbol_module){0};
}
