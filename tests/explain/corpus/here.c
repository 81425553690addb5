/* SPDX-License-Identifier: MIT */
#include "here.h"

#include <link.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unwind.h>

static void print_build_id(const struct dl_phdr_info *info, const ElfW(Phdr) * segment)
{
    const char *at = (const char *)info->dlpi_addr + segment->p_vaddr, *end = at + segment->p_memsz;
    while (end - at >= (ptrdiff_t)sizeof(ElfW(Nhdr))) {
        const ElfW(Nhdr) *note = (const void *)at;
        const char *name = at + sizeof *note, *bits = name + ((note->n_namesz + 3) & ~3u);
        if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 && memcmp(name, "GNU", 4) == 0)
            for (uint32_t i = 0; i < note->n_descsz; i++)
                printf("%02x", (unsigned char)bits[i]);
        at = bits + ((note->n_descsz + 3) & ~3u);
    }
}

static int print_module(struct dl_phdr_info *info, size_t size, void *program)
{
    uintptr_t low = UINTPTR_MAX, end = 0;
    (void)size;
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type != PT_LOAD)
            continue;
        uintptr_t first = (info->dlpi_addr + segment->p_vaddr) & ~(uintptr_t)4095;
        uintptr_t last = info->dlpi_addr + segment->p_vaddr + segment->p_memsz;
        low = first < low ? first : low;
        end = last > end ? last : end;
    }
    printf("module %lx %lx %lx -", (unsigned long)low, (unsigned long)end, (unsigned long)info->dlpi_addr);
    for (unsigned i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_NOTE)
            print_build_id(info, &info->dlpi_phdr[i]);
    printf(" %s\n", *info->dlpi_name == '\0' ? (const char *)program : info->dlpi_name);
    return 0;
}

static _Unwind_Reason_Code print_frame(struct _Unwind_Context *context, void *depth)
{
    int exact = 0;
    uintptr_t address = _Unwind_GetIPInfo(context, &exact);
    if (address != 0 && (*(int *)depth)++ > 0) /* not here() itself */
        printf(" %lx%s", (unsigned long)address, exact ? "!" : "");
    return _URC_NO_REASON;
}

void here(const char *name)
{
    static char program[4096];
    int depth = 0;
    if (*program == '\0') {
        FILE *file = fopen("/proc/self/cmdline", "r"); /* run by its full path */
        if (file == NULL || fgets(program, sizeof program, file) == NULL)
            return;
        fclose(file);
        dl_iterate_phdr(print_module, program);
    }
    printf("stack %s", name);
    _Unwind_Backtrace(print_frame, &depth);
    printf("\n");
    fflush(stdout);
}
