/* SPDX-License-Identifier: MIT */
#include <stddef.h>

void *without_tables(void *(*make)(size_t), size_t size);

void *without_tables(void *(*make)(size_t), size_t size)
{
    volatile size_t room[13];
    room[size % 13] = size;
    char *block = make(room[size % 13]); /* @without */
    block[0] = (char)room[0];
    return block;
}
