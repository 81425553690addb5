/* SPDX-License-Identifier: MIT */
/* Calls through a pointer that was never set.
 * expect: crashed
 * options: --mode both */
#include <stdlib.h>

typedef void action(int *);

struct actions {
    action *run;
};

static void add(int *number)
{
    ++*number;
}

static int set_up(struct actions *actions, char **block)
{
    *block = malloc(10);
    if (*block == NULL)
        return -1;
    actions->run = add;
    return 0;
}

int main(void)
{
    struct actions actions = {0};
    char *block;
    int number = 0, error = set_up(&actions, &block);
#ifdef CLEAN
    if (error != 0)
        return 1;
#else
    (void)error;
#endif
    actions.run(&number);
    free(block);
    return number != 1;
}
