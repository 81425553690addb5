/* SPDX-License-Identifier: MIT */
#ifndef TARE__SYMBOL_NAME_H
#define TARE__SYMBOL_NAME_H

#include "string_pool.h"

/* What a function is called in its source, C++ or Rust, without the type it
 * returns; the name itself where it is no mangled one. NULL: no memory. */
const char *tare__demangle(struct tare__strings *strings, const char *name);

/* The same of a symbol, which may be of a part or a variant of the function. */
const char *tare__symbol_function(struct tare__strings *strings, const char *symbol);

#endif
