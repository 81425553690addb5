/* SPDX-License-Identifier: MIT */
#include "json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "phrase.h"

void tare__json_set(struct tare__json *json, json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value) != 0)
        json->failed = true;
}

void tare__json_append(struct tare__json *json, json_t *array, json_t *value)
{
    if (json_array_append_new(array, value) != 0)
        json->failed = true;
}

json_t *tare__json_number(uint64_t value)
{
    return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

json_t *tare__json_string(const char *text)
{
    enum { CHARACTER_MAX = 4 }; /* bytes, or those of U+FFFD for one */
    char *valid = malloc(strlen(text) * CHARACTER_MAX + 1);
    if (valid == NULL)
        return NULL;
    char *at = valid;
    while (*text != '\0') {
        size_t length;
        const char *character = tare__next_character(&text, &length);
        memcpy(at, character, length);
        at += length;
    }
    json_t *value = json_stringn(valid, (size_t)(at - valid));
    free(valid);
    return value;
}

json_t *tare__json_address(uint64_t address)
{
    char text[32];
    snprintf(text, sizeof text, "0x%" PRIx64, address);
    return json_string(text);
}

int tare__json_write(struct tare__json *json, json_t *object, FILE *out)
{
    if (!json->failed) {
        json_dumpf(object, out, JSON_INDENT(2));
        fputc('\n', out);
    }
    json_decref(object);
    return json->failed ? ENOMEM : 0;
}
