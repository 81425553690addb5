/* SPDX-License-Identifier: MIT */
#include "corpus.h"

struct pair {
    char *key, *value;
};

static struct pair *pair_new(const char *key, const char *value)
{
    struct pair *pair = malloc(sizeof *pair);
    if (pair == NULL)
        return NULL;
    pair->key = strdup(key);
    pair->value = pair->key != NULL ? strdup(value) : NULL;
    if (pair->value != NULL)
        return pair;
    if (IS_CLEAN)
        free(pair->key); /* else it is forgotten */
    free(pair);
    return NULL;
}

int work(void)
{
    struct pair *pair = pair_new("name", "a value of some length");
    if (pair == NULL)
        return -1;
    free(pair->key);
    free(pair->value);
    free(pair);
    return 0;
}
