/* SPDX-License-Identifier: MIT */
/* The page of html.c as it was built by web/build.mjs. */
    .section .rodata
    .global tare__html_template
    .hidden tare__html_template
    .global tare__html_template_end
    .hidden tare__html_template_end
tare__html_template:
    .incbin TARE_HTML_TEMPLATE
tare__html_template_end:
    .section .note.GNU-stack, "", %progbits
