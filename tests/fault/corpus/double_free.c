/* SPDX-License-Identifier: MIT */
#include "corpus.h"

struct list {
    int *items;
    size_t count;
};

static int append(struct list *list, int item)
{
    int *more = realloc(list->items, (list->count + 1) * sizeof *more);
    if (more == NULL) {
        if (!IS_CLEAN)
            free(list->items); /* which its owner does, too */
        return -1;
    }
    list->items = more;
    list->items[list->count++] = item;
    return 0;
}

int work(void)
{
    struct list list = {NULL, 0};
    int error = 0;
    for (int i = 0; i < 3 && error == 0; i++)
        error = append(&list, i);
    free(list.items);
    return error;
}
