/* SPDX-License-Identifier: MIT */
#include "corpus.h"

struct text {
    char *bytes;
    size_t length, room;
};

static int reserve(struct text *text, size_t room)
{
    if (IS_CLEAN) {
        char *more = realloc(text->bytes, room);
        if (more == NULL)
            return -1;
        text->bytes = more;
    } else {
        text->bytes = realloc(text->bytes, room); /* the old block is lost where that fails */
        if (text->bytes == NULL)
            return -1;
    }
    text->room = room;
    return 0;
}

int work(void)
{
    struct text text = {NULL, 0, 0};
    int error = 0;
    for (size_t i = 0; i < 40 && error == 0; i++) {
        if (text.length == text.room)
            error = reserve(&text, 2 * text.room + 16);
        if (error == 0)
            text.bytes[text.length++] = 'x';
    }
    free(text.bytes);
    return error;
}
