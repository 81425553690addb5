/* SPDX-License-Identifier: MIT */
/* Where a program or a library has a probe: what sys/sdt.h noted in the file. */
#ifndef TARE__PROBE_NOTE_H
#define TARE__PROBE_NOTE_H

#include <stdint.h>

struct tare__probe_note {
    uint64_t offset;           /* in the file, of the instruction */
    uint64_t semaphore_offset; /* in the file; 0 for none */
    char arguments[256];       /* as the assembler writes them: "8@%rdi 8@%rsi" */
};

/* "tare:alloc". 0; ENOENT where the file has no such probe, or an errno. */
int tare__probe_note_find(const char *path, const char *probe, struct tare__probe_note *note);

#endif
