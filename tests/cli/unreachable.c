/* SPDX-License-Identifier: MIT */
/* Linked statically: nothing can be preloaded into it. */
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    void *volatile block = malloc(10);
    free(block);
    return write(STDOUT_FILENO, "it ran\n", 7) == 7 ? 5 : 1;
}
