/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "frame_name.h"
#include "function_name.h"
#include "html_parts.h"
#include "string_pool.h"

int tare__html_names_init(struct tare__html_names *names, const struct tare__profile *profile)
{
    *names = (struct tare__html_names){.profile = profile, .strings = tare__strings_new(), .list = json_array()};
    if (tare__profile_init(&names->functions, NULL, 0) != 0 || tare__profile_init(&names->lines, NULL, 0) != 0 ||
        names->strings == NULL || names->list == NULL)
        names->error = ENOMEM;
    return names->error;
}

void tare__html_names_free(struct tare__html_names *names)
{
    tare__profile_free(&names->functions);
    tare__profile_free(&names->lines);
    tare__strings_free(names->strings);
    json_decref(names->list);
}

/* The same with a name, in one of the two. */
static uint32_t add(struct tare__html_names *names, struct tare__profile *into, uint32_t frame, bool with_line)
{
    char name[TARE__FRAME_NAME_BYTES];
    const struct tare__profile_frame *of = &names->profile->frames[frame];
    struct tare__profile_frame same = {.function = tare__frame_name(name, names->profile, frame), .module = TARE__NONE};
    if (with_line) {
        same.file = of->file;
        same.line = of->line;
    }
    if (of->module != TARE__NONE) {
        const struct tare__profile_module module = {.path = names->profile->modules[of->module].path};
        same.module = tare__profile_add_module(into, &module);
    }
    uint32_t index = tare__profile_add_frame(into, &same);
    if (index == TARE__NONE || (same.module == TARE__NONE && of->module != TARE__NONE))
        names->error = ENOMEM;
    return index;
}

uint32_t tare__html_function(struct tare__html_names *names, uint32_t frame)
{
    return add(names, &names->functions, frame, false);
}

uint32_t tare__html_line(struct tare__html_names *names, uint32_t frame)
{
    return add(names, &names->lines, frame, true);
}

/* The number of that text, or -1 for NULL. */
static json_t *string(struct tare__json *json, struct tare__html_names *names, const char *text)
{
    const char *kept = text == NULL ? NULL : tare__strings_add(names->strings, text);
    if (kept == NULL) {
        json->failed |= text != NULL;
        return json_integer(-1);
    }
    /* What it stands for is its number and one, as an address. */
    const char **meaning = tare__strings_meaning(kept);
    if (*meaning == NULL) {
        tare__json_append(json, names->list, tare__json_string(kept));
        *meaning = (const char *)(uintptr_t)json_array_size(names->list);
    }
    return json_integer((json_int_t)((uintptr_t)*meaning - 1));
}

static const char *path_of(const struct tare__profile *profile, const struct tare__profile_frame *frame)
{
    return frame->module == TARE__NONE ? NULL : profile->modules[frame->module].path;
}

/* A line's function may be one that no tree and no other line has. */
static json_t *function_of(struct tare__html_names *names, const struct tare__profile_frame *line)
{
    struct tare__profile_frame function = {.function = line->function, .module = TARE__NONE};
    const char *path = path_of(&names->lines, line);
    if (path != NULL)
        function.module = tare__profile_add_module(&names->functions, &(struct tare__profile_module){.path = path});
    uint32_t index = tare__profile_add_frame(&names->functions, &function);
    if (index == TARE__NONE || (path != NULL && function.module == TARE__NONE))
        names->error = ENOMEM;
    return json_integer(index);
}

static json_t *lines(struct tare__json *json, struct tare__html_names *names)
{
    json_t *object = json_object(), *function = json_array(), *file = json_array(), *line = json_array();
    for (size_t i = 0; i < names->lines.frame_count; i++) {
        const struct tare__profile_frame *one = &names->lines.frames[i];
        tare__json_append(json, function, function_of(names, one));
        tare__json_append(json, file, string(json, names, one->file));
        tare__json_append(json, line, json_integer(one->line));
    }
    tare__json_set(json, object, "function", function);
    tare__json_set(json, object, "file", file);
    tare__json_set(json, object, "line", line);
    return object;
}

/* Parentheses mean other things in names of Go or Python. */
static const char *brief_name(char buffer[TARE__FUNCTION_NAME_BYTES], const char *function)
{
    return strstr(function, "::") != NULL ? tare__function_bare_name(buffer, function) : function;
}

static json_t *functions(struct tare__json *json, struct tare__html_names *names)
{
    char bare[TARE__FUNCTION_NAME_BYTES];
    json_t *object = json_object(), *name = json_array(), *brief = json_array(), *module = json_array();
    for (size_t i = 0; i < names->functions.frame_count; i++) {
        const struct tare__profile_frame *one = &names->functions.frames[i];
        tare__json_append(json, name, string(json, names, one->function));
        tare__json_append(json, brief, string(json, names, brief_name(bare, one->function)));
        tare__json_append(json, module, string(json, names, path_of(&names->functions, one)));
    }
    tare__json_set(json, object, "name", name);
    tare__json_set(json, object, "brief", brief);
    tare__json_set(json, object, "module", module);
    return object;
}

void tare__html_set_names(struct tare__json *json, json_t *object, struct tare__html_names *names)
{
    tare__json_set(json, object, "frames", lines(json, names)); /* first: it adds functions */
    tare__json_set(json, object, "functions", functions(json, names));
    tare__json_set(json, object, "strings", json_incref(names->list));
    json->failed |= names->error != 0;
}
