/* SPDX-License-Identifier: MIT */
/*
 * How many listen to each probe: the kernel, or a debugger, counts up and down in
 * these words from outside. In assembler, because the semaphores of a group have
 * to lie in one word, and each has a name that sys/sdt.h prescribes.
 */
#define TARE_PROBE_GROUP(group)                                                                                        \
    .balign 8;                                                                                                         \
    .globl tare__listeners_##group;                                                                                    \
    .hidden tare__listeners_##group;                                                                                   \
    tare__listeners_##group:
#define TARE_PROBE(provider, name, ...)                                                                                \
    .globl provider##_##name##_semaphore;                                                                              \
    .hidden provider##_##name##_semaphore;                                                                             \
    .type provider##_##name##_semaphore, %object;                                                                      \
    .size provider##_##name##_semaphore, 2;                                                                            \
    provider##_##name##_semaphore:                                                                                     \
    .2byte 0;

    .section .probes, "aw", %progbits
    .balign 64 /* a line of its own: nobody writes beside what every call reads */
#include "probes.def"
    .balign 64
    .section .note.GNU-stack, "", %progbits
