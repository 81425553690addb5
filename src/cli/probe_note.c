/* SPDX-License-Identifier: MIT */
#include "probe_note.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { NOTE_TYPE = 3, ADDRESSES = 3 };

/* A description: location, base and semaphore, then provider, name and arguments,
 * each of these ended by a NUL. */
struct description {
    uint64_t addresses[ADDRESSES];
    const char *texts[3];
};

static bool describe(const char *bytes, size_t size, struct description *found)
{
    if (size < sizeof found->addresses || bytes[size - 1] != '\0')
        return false;
    memcpy(found->addresses, bytes, sizeof found->addresses);
    const char *at = bytes + sizeof found->addresses, *behind = bytes + size;
    for (int i = 0; i < 3; i++) {
        if (at >= behind)
            return false;
        found->texts[i] = at;
        at += strlen(at) + 1;
    }
    return true;
}

static bool is_probe(const struct description *found, const char *probe)
{
    size_t length = strlen(found->texts[0]);
    return strncmp(probe, found->texts[0], length) == 0 && probe[length] == ':' &&
           strcmp(probe + length + 1, found->texts[1]) == 0;
}

/* Looks through the notes of a section. */
static bool find_in(Elf_Data *data, const char *probe, struct description *found)
{
    GElf_Nhdr header;
    size_t name, description, next;
    for (size_t at = 0; (next = gelf_getnote(data, at, &header, &name, &description)) > 0; at = next) {
        const char *bytes = data->d_buf;
        if (header.n_type == NOTE_TYPE && header.n_namesz == sizeof "stapsdt" && strcmp(bytes + name, "stapsdt") == 0 &&
            describe(bytes + description, header.n_descsz, found) && is_probe(found, probe))
            return true;
    }
    return false;
}

static uint64_t file_offset(Elf *elf, uint64_t address)
{
    size_t count = 0;
    elf_getphdrnum(elf, &count);
    for (size_t i = 0; i < count; i++) {
        GElf_Phdr segment;
        if (gelf_getphdr(elf, (int)i, &segment) != NULL && segment.p_type == PT_LOAD && address >= segment.p_vaddr &&
            address - segment.p_vaddr < segment.p_filesz)
            return address - segment.p_vaddr + segment.p_offset;
    }
    return 0;
}

/* Whoever moves a file's addresses (prelink) moves this section, but not the notes. */
static int find(Elf *elf, const char *probe, struct tare__probe_note *note)
{
    struct description found;
    uint64_t base = 0;
    bool has_base = false, has_probe = false;
    size_t names;
    if (gelf_getclass(elf) != ELFCLASS64 || elf_getshdrstrndx(elf, &names) != 0)
        return ENOENT;
    for (Elf_Scn *section = NULL; (section = elf_nextscn(elf, section)) != NULL;) {
        GElf_Shdr header;
        const char *name = gelf_getshdr(section, &header) != NULL ? elf_strptr(elf, names, header.sh_name) : NULL;
        if (name != NULL && strcmp(name, ".stapsdt.base") == 0) {
            base = header.sh_addr;
            has_base = true;
        } else if (name != NULL && strcmp(name, ".note.stapsdt") == 0 && !has_probe) {
            Elf_Data *data = elf_getdata(section, NULL);
            has_probe = data != NULL && find_in(data, probe, &found);
        }
    }
    if (!has_probe)
        return ENOENT;
    uint64_t moved = has_base ? base - found.addresses[1] : 0;
    note->offset = file_offset(elf, found.addresses[0] + moved);
    note->semaphore_offset = found.addresses[2] != 0 ? file_offset(elf, found.addresses[2] + moved) : 0;
    snprintf(note->arguments, sizeof note->arguments, "%s", found.texts[2]);
    return note->offset != 0 ? 0 : ENOENT;
}

int tare__probe_note_find(const char *path, const char *probe, struct tare__probe_note *note)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return errno;
    elf_version(EV_CURRENT);
    Elf *elf = elf_begin(file, ELF_C_READ_MMAP, NULL);
    int error = elf != NULL && elf_kind(elf) == ELF_K_ELF ? find(elf, probe, note) : ENOENT;
    elf_end(elf);
    close(file);
    return error;
}
