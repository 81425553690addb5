/* SPDX-License-Identifier: MIT */
/* p = realloc(p, n): when that fails, nobody knows the old block any more.
 * expect: leaked
 * options: --leaks */
#include <stdlib.h>

int main(void)
{
    char *block = malloc(10);
    if (block == NULL)
        return 1;
#ifdef CLEAN
    char *old = block;
#endif
    block = realloc(block, 1000);
    if (block == NULL) {
#ifdef CLEAN
        free(old);
#endif
        return 1;
    }
    free(block);
    return 0;
}
