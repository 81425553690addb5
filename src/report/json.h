/* SPDX-License-Identifier: MIT */
/* Jansson keeps the rules of JSON; ours is that every string is made valid UTF-8
 * before it goes in, and that a lack of memory is seen at the end. */
#ifndef TARE__JSON_H
#define TARE__JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Jansson takes NULL values without a crash and says so, so that one look at
 * `failed` is enough. */
struct tare__json {
    bool failed;
};

/* Each takes over the value, which may be NULL. */
void tare__json_set(struct tare__json *json, json_t *object, const char *key, json_t *value);
void tare__json_append(struct tare__json *json, json_t *array, json_t *value);

json_t *tare__json_number(uint64_t value);
/* Each byte that is no UTF-8 becomes U+FFFD. */
json_t *tare__json_string(const char *text);
/* A string: as a number it would lose its last bits in many a reader. */
json_t *tare__json_address(uint64_t address);

/* Writes the object, unless something failed, and lets go of it. 0 or ENOMEM. */
int tare__json_write(struct tare__json *json, json_t *object, FILE *out);

#endif
