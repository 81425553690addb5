/* SPDX-License-Identifier: MIT */
/* Loads a second libc, whose calls no preload can see. */
#include <dlfcn.h>
#include <gnu/lib-names.h>
#include <stddef.h>

int main(void)
{
    return dlmopen(LM_ID_NEWLM, LIBC_SO, RTLD_NOW) == NULL;
}
