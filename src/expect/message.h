/* SPDX-License-Identifier: MIT */
/* Room for a message longer than a stack should hold. A failure handler may never
 * come back; so what it was given is found again by the next failure of its
 * thread. */
#ifndef TARE__MESSAGE_H
#define TARE__MESSAGE_H

#include <stddef.h>

/* So many bytes, from the system; NULL where there are none. */
char *tare__message_take(size_t bytes);

/* After the handler has come back. */
void tare__message_give(char *text);

#endif
