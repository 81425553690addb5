/* SPDX-License-Identifier: MIT */
/* Leaves the work undone, and says that all went well.
 * expect: wrong success
 * options: --must-fail */
#include <stdlib.h>
#include <string.h>

static void work(int *status)
{
    char *block = malloc(10);
    if (block == NULL) {
#ifdef CLEAN
        *status = 1;
#else
        *status = 0;
#endif
        return;
    }
    memset(block, 0, 10);
    free(block);
}

int main(void)
{
    int status = 0;
    work(&status);
    return status;
}
