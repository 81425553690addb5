/* SPDX-License-Identifier: MIT */
/* Compares what a report wrote with what it should have, byte for byte. */
#ifndef TEST_REPORT_GOLDEN_H
#define TEST_REPORT_GOLDEN_H

#include <stdlib.h>

#include "check.h"

struct written {
    char *text;
    size_t length;
    FILE *out;
};

static inline FILE *golden_open(struct written *written)
{
    written->out = open_memstream(&written->text, &written->length);
    CHECK(written->out != NULL);
    return written->out;
}

static inline void golden_check(struct written *written, const char *expected)
{
    CHECK(fclose(written->out) == 0);
    size_t same = 0, line = 1;
    while (written->text[same] != '\0' && written->text[same] == expected[same])
        line += written->text[same++] == '\n';
    if (written->text[same] != expected[same]) {
        dprintf(2, "differs in line %zu:\n--- written\n%s--- expected\n%s---\n", line, written->text, expected);
        _exit(1);
    }
    free(written->text);
}

#endif
