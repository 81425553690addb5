/* SPDX-License-Identifier: MIT */
/* What the values of a profile are called, in Tare's words where it knows them. */
#ifndef TARE__VALUE_WORDS_H
#define TARE__VALUE_WORDS_H

#include "metric.h"
#include "profile.h"

struct tare__value_words {
    const char *meaning;     /* "bytes allocated" */
    const char *unit;        /* of one: "byte" */
    const char *preposition; /* before the second figure: "in" 3 allocations */
    size_t second;           /* the type that is said beside it; type_count for none */
    const char *second_unit;
};

/* The texts are the profile's own, or live forever. */
struct tare__value_words tare__value_words(const struct tare__profile *profile, size_t type);

/* "1,048,576 bytes", with its sign where that is asked for. */
#define TARE__VALUE_BYTES 96
char *tare__value_text(char buffer[TARE__VALUE_BYTES], int64_t value, const char *unit, bool sign);

/* 12.34 %: of a whole above 0. */
char *tare__share_text(char buffer[TARE__VALUE_BYTES], int64_t part, int64_t whole, bool sign);

#endif
