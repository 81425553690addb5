/* SPDX-License-Identifier: MIT */
/* One measured block, an expectation that holds, and one that fails and says
 * why. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tare/tare.h>

/* Under test: joins words with spaces, growing the text word by word. */
static char *join(const char *const *words, size_t count)
{
    char *text = calloc(1, 1);
    size_t length = 0;
    for (size_t i = 0; i < count && text != NULL; i++) {
        char *grown = realloc(text, length + strlen(words[i]) + 2);
        if (grown == NULL)
            break;
        text = grown;
        length += (size_t)sprintf(text + length, "%s%s", i > 0 ? " " : "", words[i]);
    }
    return text;
}

/* In a test this would fail the test; the default aborts. */
static void show(const tare_failure *failure, void *context)
{
    (void)context;
    fputs(failure->message, stdout);
}

int main(void)
{
    static const char *const words[] = {"zero", "the", "scale"};

    tare_stats stats;
    tare_measure(&stats) {
        free(join(words, 3));
    }
    char text[512];
    tare_stats_format(&stats, text, sizeof text);
    fputs(text, stdout);

    tare_expect(.allocations = tare_at_most(1), .peak_bytes = tare_at_most(64), .leaked_bytes = tare_none) {
        free(join(words, 3));
    }

    tare_set_failure_handler(show, NULL, NULL, NULL);
    tare_expect(.reallocations = tare_at_most(3), .leaked_bytes = tare_none, .name = "join frees what it makes") {
        join(words, 3);
    }
    return 0;
}
