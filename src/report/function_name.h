/* SPDX-License-Identifier: MIT */
/* Names of functions as C++ and Rust spell them out, made short. */
#ifndef TARE__FUNCTION_NAME_H
#define TARE__FUNCTION_NAME_H

/* Long enough for every pattern, and for a line of text. */
#define TARE__FUNCTION_NAME_BYTES 256

/*
 * The name alone: without the type that is returned, parameters, template arguments
 * and inline namespaces, as in std::vector::push_back. Cut to fit; returns buffer.
 */
char *tare__function_bare_name(char buffer[TARE__FUNCTION_NAME_BYTES], const char *function);

#endif
