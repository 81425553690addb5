/* SPDX-License-Identifier: MIT */
#include "corpus.h"

#include <unistd.h>

static char *read_name(void)
{
    char *name = malloc(64);
    if (name != NULL) {
        strcpy(name, "a name");
        return name;
    }
    int saved_errno = errno;
    close(-1); /* tidies up, and leaves an errno of its own */
    if (IS_CLEAN)
        errno = saved_errno;
    return NULL;
}

int work(void)
{
    char *name = read_name();
    if (name == NULL)
        return -1;
    free(name);
    return 0;
}
