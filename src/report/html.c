/* SPDX-License-Identifier: MIT */
/*
 * The HTML report: one page that opens from disk. web/report.html is all of it but the
 * data, which stand in an element of their own as JSON. No '<' is in there, so nothing of
 * a profile can end that element.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "formats.h"
#include "html_parts.h"

extern const char tare__html_template[], tare__html_template_end[];

static const char place[] = "{{data}}";

json_t *tare__html_exact(int64_t value)
{
    const int64_t exact_max = (INT64_C(1) << 53) - 1; /* of a double */
    if (value >= -exact_max && value <= exact_max)
        return json_integer(value);
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)value);
    return json_string(text);
}

static json_t *types(struct tare__json *json, const struct tare__profile *profile)
{
    json_t *list = json_array();
    for (size_t i = 0; i < profile->type_count; i++) {
        json_t *object = json_object();
        int64_t total;
        if (!tare__profile_total(profile, i, &total)) {
            json->failed = true;
            total = 0;
        }
        tare__json_set(json, object, "name", tare__json_string(profile->types[i].name));
        tare__json_set(json, object, "unit", tare__json_string(profile->types[i].unit));
        tare__json_set(json, object, "total", tare__html_exact(total));
        tare__json_append(json, list, object);
    }
    return list;
}

static json_t *data(struct tare__json *json, struct tare__html_names *names, const struct tare__report_options *options)
{
    const struct tare__profile *profile = names->profile;
    char version[64];
    json_t *object = json_object();
    snprintf(version, sizeof version, "%d.%d.%d", TARE_VERSION_MAJOR, TARE_VERSION_MINOR, TARE_VERSION_PATCH);
    tare__json_set(json, object, "version", json_string(version));
    tare__json_set(json, object, "title", tare__json_string(profile->title != NULL ? profile->title : "profile"));
    tare__json_set(json, object, "types", types(json, profile));
    tare__json_set(json, object, "type", tare__json_number(tare__report_type(options, profile)));
    tare__json_set(json, object, "upward", json_boolean(options->upward));
    tare__json_set(json, object, "warnings", tare__html_warnings(json, profile->snapshot));
    if (profile->snapshot != NULL)
        tare__json_set(json, object, "run", tare__html_run(json, profile));
    tare__json_set(json, object, "tree", tare__html_tree(json, names));
    tare__json_set(json, object, "sites", tare__html_sites(json, names));
    tare__html_set_names(json, object, names);
    return object;
}

/* In JSON a '<' stands only within a string. */
static int write_escaped(const char *bytes, size_t count, void *out)
{
    while (count > 0) {
        const char *less = memchr(bytes, '<', count);
        size_t before = less == NULL ? count : (size_t)(less - bytes);
        fwrite(bytes, 1, before, out);
        if (less != NULL)
            fputs("\\u003c", out);
        before += less != NULL;
        bytes += before;
        count -= before;
    }
    return 0;
}

static int write_page(const json_t *object, FILE *out)
{
    const char *at =
        memmem(tare__html_template, (size_t)(tare__html_template_end - tare__html_template), place, sizeof place - 1);
    fwrite(tare__html_template, 1, (size_t)(at - tare__html_template), out);
    int status = json_dump_callback(object, write_escaped, out, JSON_COMPACT | JSON_ENSURE_ASCII);
    at += sizeof place - 1;
    fwrite(at, 1, (size_t)(tare__html_template_end - at), out);
    return status == 0 ? 0 : ENOMEM;
}

int tare__format_html(const struct tare__profile *profile, const struct tare__report_options *options, FILE *out)
{
    struct tare__json json = {false};
    struct tare__html_names names;
    json_t *object = NULL;
    int error = tare__html_names_init(&names, profile);
    if (error == 0)
        object = data(&json, &names, options);
    if (error == 0)
        error = names.error != 0 ? names.error : json.failed ? ENOMEM : 0;
    if (error == 0)
        error = write_page(object, out);
    json_decref(object);
    tare__html_names_free(&names);
    return error;
}
