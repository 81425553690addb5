/* SPDX-License-Identifier: MIT */
/* The way out on an error frees twice.
 * expect: bad free
 * options: --mode both */
#include <stdlib.h>

static void drop(char **block)
{
    free(*block);
#ifdef CLEAN
    *block = NULL;
#endif
}

int main(void)
{
    char *first = malloc(10);
    if (first == NULL)
        return 1;
    char *second = malloc(20);
    if (second == NULL)
        drop(&first);
    free(second);
    free(first);
    return second == NULL;
}
