/* SPDX-License-Identifier: MIT */
/* Two sweeps, of which the second fails; replay.sh runs it by what its message says. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tare/fault.h>

__attribute__((noinline)) static char *repeat(const char *text)
{
    size_t length = strlen(text);
    char *twice = malloc(2 * length + 1);
    memcpy(twice, text, length);
    strcpy(twice + length, text);
    return twice;
}

__attribute__((noinline)) static int join(int leak)
{
    char *one = strdup("one"), *other = strdup("other");
    int error = one == NULL || other == NULL ? -1 : 0;
    if (error == 0 || !leak)
        free(one);
    free(other);
    return error;
}

int main(int count, char **arguments)
{
    const char *what = count > 1 ? arguments[1] : "";
    tare_fault_sweep(.name = "fine") join(0);
    tare_fault_sweep(.name = what)
    {
        if (strcmp(what, "it crashes") == 0)
            free(repeat("again"));
        if (strcmp(what, "it leaks") == 0)
            join(1);
        if (strcmp(what, "it's wrong") == 0)
            tare_fault_succeeded(join(0) == 0 || 1);
    }
    puts("came to the end");
    return 0;
}
