/* SPDX-License-Identifier: MIT */
/* Text from anywhere, as XML can hold it. */
#ifndef TARE__XML_H
#define TARE__XML_H

#include <stddef.h>
#include <stdio.h>

/*
 * Escaped, for content and attributes. Control characters are shown as their symbols;
 * what is no UTF-8, not allowed in XML 1.0, or turns the direction of text becomes U+FFFD.
 */
void tare__xml_text(const char *text, FILE *out);
void tare__xml_part(const char *text, size_t bytes, FILE *out); /* whole characters */

#endif
