/* SPDX-License-Identifier: MIT */
/* What malloc() returns is not looked at.
 * expect: crashed
 * options: --mode both */
#include <stdlib.h>
#include <string.h>

static char *copy(const char *text)
{
    char *copied = malloc(strlen(text) + 1);
#ifdef CLEAN
    if (copied == NULL)
        return NULL;
#endif
    return strcpy(copied, text);
}

int main(void)
{
    char *text = copy("text");
    if (text == NULL)
        return 1;
    free(text);
    return 0;
}
