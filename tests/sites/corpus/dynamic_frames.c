/* SPDX-License-Identifier: MIT */
/* Frames whose size is known only when they are there, and frames that are aligned. */
#include <alloca.h>
#include <stdint.h>
#include <string.h>

#include "corpus.h"

static APART void *by_alloca(size_t count)
{
    char *room = alloca(count * 100);
    memset(room, 'x', count * 100);
    char *block = malloc(count); /* @alloca */
    block[0] = room[count];
    return block;
}

static APART void *by_array(size_t count)
{
    volatile char room[count * 10 + 1];
    room[count] = 'x';
    char *block = by_alloca(count); /* @array */
    block[0] = room[count];
    return block;
}

static APART void *aligned(size_t count)
{
    _Alignas(128) volatile char room[256];
    room[count] = (char)((uintptr_t)room % 128);
    char *block = by_array(count); /* @aligned */
    block[0] = room[count];
    return block;
}

static APART void *aligned_and_dynamic(size_t count)
{
    _Alignas(64) volatile char room[64];
    volatile char more[count + 1];
    more[0] = room[count % 64] = 1;
    char *block = aligned(count); /* @both */
    block[0] = (char)(room[count % 64] + more[0]);
    return block;
}

/* SITE alloca < array < aligned < both < main: 5 15, leaked 5 15 */
int main(void)
{
    for (size_t i = 1; i <= 5; i++)
        corpus_keep(aligned_and_dynamic(i)); /* @main */
    return 0;
}
