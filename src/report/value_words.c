/* SPDX-License-Identifier: MIT */
/* A metric's words are those of the type that has its figure. Go's heap profiles have
 * types of the same names. */
#include "value_words.h"

#include <stdio.h>
#include <string.h>

#include "phrase.h"

static const struct tare__metric *metric_of(const char *type)
{
    for (size_t i = 0; i < tare__metric_count; i++)
        if (strcmp(tare__metrics[i].profile_type, type) == 0)
            return &tare__metrics[i];
    return NULL;
}

/* alloc_space and alloc_objects are of each other. */
static size_t companion(const struct tare__profile *profile, const char *name)
{
    static const char *const ends[] = {"_space", "_objects"};
    size_t length = strlen(name);
    for (size_t i = 0; i < 2; i++) {
        size_t end = strlen(ends[i]);
        char other[64];
        if (length <= end || strcmp(name + length - end, ends[i]) != 0)
            continue;
        snprintf(other, sizeof other, "%.*s%s", (int)(length - end), name, ends[1 - i]);
        return tare__profile_type_named(profile, other);
    }
    return profile->type_count;
}

static const char *unit_of(const struct tare__profile_type *type)
{
    size_t length = strlen(type->name), end = sizeof "_objects" - 1;
    if (strcmp(type->unit, "count") != 0)
        return type->unit;
    return length > end && strcmp(type->name + length - end, "_objects") == 0 ? "block" : type->name;
}

struct tare__value_words tare__value_words(const struct tare__profile *profile, size_t type)
{
    const struct tare__profile_type *of = &profile->types[type];
    const struct tare__metric *metric = metric_of(of->name);
    struct tare__value_words words = {
        .meaning = of->name, .unit = unit_of(of), .preposition = "in", .second = companion(profile, of->name)};
    if (words.second < profile->type_count)
        words.second_unit = unit_of(&profile->types[words.second]);
    if (metric != NULL) {
        words.meaning = metric->meaning;
        words.unit = metric->figure->unit;
        words.preposition = metric->preposition;
        words.second_unit = metric->second->unit;
    }
    return words;
}

char *tare__value_text(char buffer[TARE__VALUE_BYTES], int64_t value, const char *unit, bool sign)
{
    char figure[TARE__FIGURE_BYTES];
    size_t length = strlen(unit);
    bool has_s = length > 0 && unit[length - 1] == 's';
    bool one = value == 1 || value == -1;
    snprintf(buffer, TARE__VALUE_BYTES, "%s%s %.*s%s", sign && value > 0 ? "+" : "", tare__figure(figure, value),
             (int)(has_s && one ? length - 1 : length), unit, has_s || one ? "" : "s");
    return buffer;
}

char *tare__share_text(char buffer[TARE__VALUE_BYTES], int64_t part, int64_t whole, bool sign)
{
    snprintf(buffer, TARE__VALUE_BYTES, sign ? "%+.2f %%" : "%.2f %%", (double)part * 100 / (double)whole);
    return buffer;
}
