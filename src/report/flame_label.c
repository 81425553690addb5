/* SPDX-License-Identifier: MIT */
/*
 * Names that fit. First goes what C++ adds to a name, then the namespaces, from the
 * left, and last the end of the function itself. flame.js does the same.
 */
#include <string.h>

#include "flame_parts.h"
#include "phrase.h"

enum { COLUMNS_MIN = 3 }; /* "x…" tells nothing */

/* Chinese, Japanese, Korean and pictures are as wide as two. */
static size_t columns_of(const char *character, size_t length)
{
    return length > 3 || (length == 3 && memcmp(character, "\xe2\xba\x80", 3) >= 0) ? 2 : 1;
}

static size_t width_of(const char *text)
{
    size_t columns = 0, length;
    while (*text != '\0') {
        const char *character = tare__next_character(&text, &length);
        columns += columns_of(character, length);
    }
    return columns;
}

static struct tare__flame_label whole(const char *text)
{
    return (struct tare__flame_label){.text = text, .bytes = strlen(text), .columns = width_of(text)};
}

static struct tare__flame_label cut_behind(const char *text, size_t columns)
{
    size_t width = 1, length;
    const char *at = text;
    for (const char *next = at; *at != '\0'; at = next) {
        const char *character = tare__next_character(&next, &length);
        size_t more = columns_of(character, length);
        if (width + more > columns)
            break;
        width += more;
    }
    return (struct tare__flame_label){text, (size_t)(at - text), false, true, width};
}

/* With as many of its namespaces as fit, from where one begins; NULL text where not even the last part does. */
static struct tare__flame_label cut_before(const char *name, size_t columns)
{
    for (const char *at = name; (at = strstr(at, "::")) != NULL;) {
        at += 2;
        size_t width = width_of(at) + 1;
        if (*at != '\0' && width <= columns)
            return (struct tare__flame_label){at, strlen(at), true, false, width};
    }
    return (struct tare__flame_label){.text = NULL};
}

static const char *last_part(const char *name)
{
    const char *last = name;
    for (const char *at = name; (at = strstr(at, "::")) != NULL;) {
        at += 2;
        last = *at != '\0' ? at : last;
    }
    return last;
}

struct tare__flame_label tare__flame_fit(const char *name, const char *bare, size_t columns)
{
    if (columns < COLUMNS_MIN)
        return (struct tare__flame_label){.columns = 0};
    if (width_of(name) <= columns)
        return whole(name);
    if (width_of(bare) <= columns)
        return whole(bare);
    struct tare__flame_label label = cut_before(bare, columns);
    return label.text != NULL ? label : cut_behind(last_part(bare), columns);
}
