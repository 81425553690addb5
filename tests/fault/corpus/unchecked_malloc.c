/* SPDX-License-Identifier: MIT */
#include "corpus.h"

static char *shout(const char *text)
{
    size_t length = strlen(text);
    char *loud = malloc(length + 2);
    if (IS_CLEAN && loud == NULL)
        return NULL;
    memcpy(loud, text, length);
    memcpy(loud + length, "!", 2);
    return loud;
}

int work(void)
{
    char *loud = shout("nobody looks at what malloc returns");
    if (loud == NULL)
        return -1;
    bool fine = strchr(loud, '!') != NULL;
    free(loud);
    return fine ? 0 : -1;
}
