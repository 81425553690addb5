/* SPDX-License-Identifier: MIT */
/*
 * Why preloading did not work is read from the file afterwards: whether it
 * works is for the loader to say, and guessing it before would refuse programs
 * that can be measured (a setuid program run by its owner, for one).
 */
#include "program.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { INTERPRETERS_MAX = 4 }; /* as many "#!" as the kernel follows */

#if defined(__x86_64__)
#define OWN_MACHINE EM_X86_64
#else
#define OWN_MACHINE EM_AARCH64
#endif

/* ---- In PATH ------------------------------------------------------------ */

static bool is_program(const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return false;
    if (!S_ISREG(status.st_mode)) {
        errno = EACCES;
        return false;
    }
    return access(path, X_OK) == 0;
}

bool tare__program_find(const char *name, char *path, size_t size)
{
    const char *at = getenv("PATH");
    int error = ENOENT;
    if (strchr(name, '/') != NULL) {
        snprintf(path, size, "%s", name);
        return is_program(path);
    }
    for (at = at != NULL ? at : "/bin:/usr/bin"; *name != '\0'; at++) {
        int length = (int)strcspn(at, ":");
        snprintf(path, size, "%.*s%s%s", length, at, length > 0 ? "/" : "", name);
        if (is_program(path))
            return true;
        error = errno == EACCES ? EACCES : error;
        at += length;
        if (*at == '\0')
            break;
    }
    errno = error;
    return false;
}

/* ---- In the file -------------------------------------------------------- */

static bool read_at(int file, void *buffer, size_t size, uint64_t offset)
{
    return pread(file, buffer, size, (off_t)offset) == (ssize_t)size;
}

static bool has_dynamic_loader(int file, const ElfW(Ehdr) * header)
{
    for (unsigned i = 0; i < header->e_phnum; i++) {
        ElfW(Phdr) segment;
        if (!read_at(file, &segment, sizeof segment, header->e_phoff + (uint64_t)i * header->e_phentsize))
            return true; /* damaged: not our finding */
        if (segment.p_type == PT_INTERP)
            return true;
    }
    return false;
}

static const char *elf_reason(int file)
{
    ElfW(Ehdr) header;
    if (!read_at(file, &header, sizeof header, 0) || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
        return NULL;
    if (header.e_ident[EI_CLASS] != (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32) || header.e_machine != OWN_MACHINE)
        return "it is for another kind of processor (another ELF class or machine) than this tare";
    return has_dynamic_loader(file, &header) ? NULL
                                             : "it is statically linked: it has no dynamic loader that could preload";
}

static const char *privilege_reason(int file)
{
    struct stat status;
    if (fstat(file, &status) == 0 && (status.st_mode & (S_ISUID | S_ISGID)) != 0)
        return "it is setuid or setgid: the loader ignores LD_PRELOAD then";
    if (fgetxattr(file, "security.capability", NULL, 0) > 0)
        return "it has file capabilities: the loader ignores LD_PRELOAD then";
    return NULL;
}

/* The interpreter of a script that starts with "#!", into the same buffer. */
static bool script_interpreter(int file, char *path, size_t size)
{
    char line[256] = "";
    if (pread(file, line, sizeof line - 1, 0) <= 2 || line[0] != '#' || line[1] != '!')
        return false;
    char *start = line + 2 + strspn(line + 2, " \t");
    start[strcspn(start, " \t\n")] = '\0';
    snprintf(path, size, "%s", start);
    return true;
}

static const char *file_reason(int file)
{
    const char *reason = elf_reason(file);
    return reason != NULL ? reason : privilege_reason(file);
}

void tare__program_explain(const char *program, char *reason, size_t size)
{
    char path[PATH_MAX];
    const char *found = NULL;
    bool is_script = true;
    snprintf(path, sizeof path, "%s", program);
    for (int i = 0; i <= INTERPRETERS_MAX && is_script && found == NULL; i++) {
        int file = open(path, O_RDONLY | O_CLOEXEC);
        if (file < 0) {
            snprintf(reason, size, "%s: it can't be read to say why", path);
            return;
        }
        found = file_reason(file);
        is_script = found == NULL && script_interpreter(file, path, sizeof path);
        close(file);
    }
    snprintf(reason, size, "%s: %s", path,
             found != NULL ? found : "it may have cleared LD_PRELOAD or been killed before its first instruction");
}
