/* SPDX-License-Identifier: MIT */
/* Tries for ever what fails for ever.
 * expect: hung
 * options: --timeout 1 */
#include <stdlib.h>

int main(void)
{
    char *block = NULL;
#ifdef CLEAN
    for (int i = 0; i < 10 && block == NULL; i++)
#else
    while (block == NULL)
#endif
        block = malloc(10);
    if (block == NULL)
        return 1;
    free(block);
    return 0;
}
