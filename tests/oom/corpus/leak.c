/* SPDX-License-Identifier: MIT */
/* The way out on an error forgets the first block.
 * expect: leaked
 * options: --leaks */
#include <stdlib.h>

static int two(void)
{
    char *first = malloc(10);
    if (first == NULL)
        return 1;
    char *second = malloc(20);
    if (second == NULL) {
#ifdef CLEAN
        free(first);
#endif
        return 1;
    }
    free(second);
    free(first);
    return 0;
}

int main(void)
{
    return two();
}
