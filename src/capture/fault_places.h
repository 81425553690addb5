/* SPDX-License-Identifier: MIT */
/*
 * Who asks for memory: the program, libc, or the loader, TLS and NSS, which libc 2.36 does not get
 * right where there is none (getaddrinfo crashes, the loader ends the program). Told by the frames
 * from the innermost out, as far as they are in the system's own modules.
 */
#ifndef TARE__FAULT_PLACES_H
#define TARE__FAULT_PLACES_H

#include <stdint.h>

#include "faults.h"

/* Finds libc's functions. Takes the loader's lock: never call it under one of ours. Until then those
 * places are told by their modules alone. */
void tare__fault_places_look(void);

enum tare__fault_place tare__fault_place_of(uint32_t frame);

#endif
