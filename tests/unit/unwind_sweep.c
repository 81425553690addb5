/* SPDX-License-Identifier: MIT */
/*
 * Compares our rule for each row of a file's unwind tables with what another
 * decoder says, a line for each on standard input: address, CFA, fp and pc in the
 * words of `readelf --debug-dump=frames-interp`, as unwind_sweep.sh writes them.
 * Prints how many were taken, and fails if one is wrong.
 */
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "check.h"
#include "unwind_rules.h"

/* As the loader lays it out, but nothing is relocated or run. */
static struct tare__unwind_module load(const char *path, uintptr_t *base)
{
    static ElfW(Phdr) segments[64];
    ElfW(Ehdr) header;
    int file = open(path, O_RDONLY);
    CHECK(file >= 0 && pread(file, &header, sizeof header, 0) == sizeof header && header.e_phnum <= 64);
    ssize_t bytes = header.e_phnum * (ssize_t)sizeof *segments;
    CHECK(pread(file, segments, (size_t)bytes, (off_t)header.e_phoff) == bytes);
    uintptr_t end = 0;
    for (int i = 0; i < header.e_phnum; i++)
        if (segments[i].p_type == PT_LOAD && segments[i].p_vaddr + segments[i].p_memsz > end)
            end = segments[i].p_vaddr + segments[i].p_memsz;
    char *memory = mmap(NULL, end, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(memory != MAP_FAILED);
    struct tare__unwind_module module = {(uintptr_t)memory, (uintptr_t)memory + end, NULL, true};
    for (int i = 0; i < header.e_phnum; i++) {
        if (segments[i].p_type == PT_LOAD)
            CHECK(pread(file, memory + segments[i].p_vaddr, segments[i].p_filesz, (off_t)segments[i].p_offset) ==
                  (ssize_t)segments[i].p_filesz);
        if (segments[i].p_type == PT_GNU_EH_FRAME)
            module.frame_header = (const uint8_t *)memory + segments[i].p_vaddr;
    }
    close(file);
    *base = (uintptr_t)memory;
    return module;
}

static long number_behind(const char *text)
{
    const char *sign = strpbrk(text, "+-");
    return sign != NULL ? strtol(sign, NULL, 10) : 0;
}

static int is_right(uint64_t rule, const char *cfa, const char *fp, const char *pc)
{
    long saved = (long)TARE__RULE_SAVED_BYTES(rule);
    long cfa_bytes = (long)(rule & TARE__RULE_CFA_BYTES);
    switch (rule & TARE__RULE_KIND) {
    case TARE__RULE_FRAME:
        break;
    case TARE__RULE_OUTERMOST:
        return strcmp(pc, "u") == 0;
#if defined(__x86_64__)
    case TARE__RULE_REALIGNED:
        return strcmp(cfa, "exp") == 0 && strcmp(fp, "exp") == 0;
#endif
    default: /* a signal frame has expressions for all */
        return (rule & TARE__RULE_KIND) == TARE__RULE_SIGNAL;
    }
    if (strcmp(cfa, "exp") == 0) /* of a PLT */
        return (cfa_bytes == 8 || cfa_bytes == 16) && saved == 0;
    const char *base = (rule & TARE__RULE_FROM_FP) != 0 ? "rbp" : "rsp";
    return strncmp(cfa, base, 3) == 0 && number_behind(cfa) == cfa_bytes && strcmp(pc, "c-8") == 0 &&
           (fp[0] == 'c' ? number_behind(fp) == -saved : saved == 0 && (fp[0] == 'u' || fp[0] == 's'));
}

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    uintptr_t base;
    struct tare__unwind_module module = load(argv[1], &base);
    char line[256], cfa[64], fp[64], pc[64];
    unsigned long address, rows = 0, taken = 0, wrong = 0;
    while (fgets(line, sizeof line, stdin) != NULL) {
        CHECK(sscanf(line, "%lx %63s %63s %63s", &address, cfa, fp, pc) == 4);
        uint64_t rule = tare__unwind_rule(&module, base + address);
        rows++;
        if ((rule & TARE__RULE_KIND) == TARE__RULE_NOT_TAKEN) {
            if (getenv("VERBOSE") != NULL)
                dprintf(1, "not taken: %s", line);
            continue;
        }
        taken++;
        if (!is_right(rule, cfa, fp, pc)) {
            dprintf(1, "wrong: %#llx for %s", (unsigned long long)rule, line);
            wrong++;
        }
    }
    dprintf(1, "%lu rows, %lu not taken, %lu wrong: %s\n", rows, rows - taken, wrong, argv[1]);
    CHECK(rows > 0 && wrong == 0);
    CHECK(taken * 100 >= rows * 95);
    return 0;
}
