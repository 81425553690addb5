/* SPDX-License-Identifier: MIT */
#include "corpus.h"

/* How many words there are; negative where it can't be said. */
static int count_words(const char *text)
{
    char *copy = strdup(text), *at = NULL;
    if (copy == NULL)
        return IS_CLEAN ? -1 : 0; /* none */
    int count = 0;
    for (char *word = strtok_r(copy, " ", &at); word != NULL; word = strtok_r(NULL, " ", &at))
        count++;
    free(copy);
    return count;
}

int work(void)
{
    return count_words("words are counted in a copy of the text") < 0 ? -1 : 0;
}
