/* SPDX-License-Identifier: MIT */
/* What a frame is called where only a name can stand. */
#ifndef TARE__FRAME_NAME_H
#define TARE__FRAME_NAME_H

#include "profile.h"

/*
 * The function; where that has no name "libx.so+0x110", "[libx.so]" where nobody knows
 * where that lies, "0x7f0110", or "[unknown]" where not even the address is known. It is the profile's own text, or in
 * buffer.
 */
#define TARE__FRAME_NAME_BYTES 512
const char *tare__frame_name(char buffer[TARE__FRAME_NAME_BYTES], const struct tare__profile *profile, uint32_t frame);

/* The last part of a path, or all of it. */
const char *tare__path_name(const char *path);

#endif
