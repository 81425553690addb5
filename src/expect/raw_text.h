/* SPDX-License-Identifier: MIT */
/* Stacks without libtare-explain.so: what the loader knows of functions, and else the
 * place in the module's file. Allocates nothing. */
#ifndef TARE__RAW_TEXT_H
#define TARE__RAW_TEXT_H

#include <stdint.h>

#include "text.h"

/* "name+0x12 in module", as much as is known. A return address belongs to the call
 * before it. */
void tare__raw_address(struct tare__text *text, uintptr_t address);

/* The sites of a saved scope which account for these statistics, bits of explaining.h. */
void tare__raw_scope(struct tare__text *text, const char *path, uint32_t violated);

#endif
