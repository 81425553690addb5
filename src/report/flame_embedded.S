/* SPDX-License-Identifier: MIT */
/* The files that stand in every flame graph, as text. */
    .section .rodata
    .macro embedded name, file
    .globl \name
    .hidden \name
\name:
    .incbin "\file"
    .byte 0
    .endm

    embedded tare__flame_style, flame.css
    embedded tare__flame_script, flame.js
    .section .note.GNU-stack, "", %progbits
