/* SPDX-License-Identifier: MIT */
/* By edit distance: how many characters to insert, delete or replace; whether
 * they are capitals makes no difference. A name cut short is near as well. */
#include "suggest.h"

#include <string.h>
#include <strings.h>

enum { NAME_MAX_CHARACTERS = 64 };

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

static bool same_letter(char a, char b)
{
    return strncasecmp(&a, &b, 1) == 0;
}

/* Row by row of the usual table; row[j] is the distance of what was read of a
 * to the first j characters of b. */
static size_t distance(const char *a, const char *b)
{
    size_t row[NAME_MAX_CHARACTERS + 1], length = strlen(b);
    for (size_t j = 0; j <= length; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= length; j++) {
            size_t replaced = diagonal + !same_letter(a[i - 1], b[j - 1]);
            diagonal = row[j];
            row[j] = smallest(replaced, row[j - 1] + 1, diagonal + 1);
        }
    }
    return row[length];
}

static const char *completed(const char *start, tare__candidate *candidate, const void *context)
{
    enum { TELLING_CHARACTERS = 3 };
    size_t length = strlen(start);
    const char *name;
    for (size_t i = 0; length >= TELLING_CHARACTERS && (name = candidate(i, context)) != NULL; i++)
        if (strncasecmp(start, name, length) == 0)
            return name;
    return NULL;
}

const char *tare__suggest(const char *mistyped, tare__candidate *candidate, const void *context)
{
    const char *nearest = NULL, *name;
    size_t third = strlen(mistyped) / 3;
    size_t least = 1 + (third > 2 ? third : 2); /* a third of it may be wrong, or two characters swapped */
    for (size_t i = 0; (name = candidate(i, context)) != NULL; i++) {
        size_t edits = strlen(name) <= NAME_MAX_CHARACTERS ? distance(mistyped, name) : least;
        if (edits < least) {
            least = edits;
            nearest = name;
        }
    }
    return nearest != NULL ? nearest : completed(mistyped, candidate, context);
}
