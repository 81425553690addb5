/* SPDX-License-Identifier: MIT */
/* Names repeat from stack to stack, so each is held against the patterns once. */
#include "suppression.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pattern.h"

struct tare__suppression {
    char *text;    /* as it was written, behind "leak:" */
    char *pattern; /* for tare__matches() */
};

/* ---- Reading ------------------------------------------------------------- */

/* Found anywhere, unless it is anchored. */
static char *pattern_of(const char *text)
{
    size_t length = strlen(text);
    bool from_start = *text == '^', to_end = length > (size_t)from_start && text[length - 1] == '$';
    char *pattern = NULL;
    if (asprintf(&pattern, "%s%.*s%s", from_start ? "" : "*", (int)(length - from_start - to_end), text + from_start,
                 to_end ? "" : "*") < 0)
        return NULL;
    return pattern;
}

static int add_one(struct tare__suppressions *suppressions, const char *text, size_t length)
{
    struct tare__suppression *more = realloc(suppressions->all, (suppressions->count + 1) * sizeof *more);
    if (more == NULL)
        return ENOMEM;
    suppressions->all = more;
    struct tare__suppression *one = &more[suppressions->count];
    *one = (struct tare__suppression){.text = strndup(text, length)};
    if (one->text != NULL)
        one->pattern = pattern_of(one->text);
    if (one->pattern == NULL) {
        free(one->text);
        return ENOMEM;
    }
    suppressions->count++;
    return 0;
}

static bool is_blank(char character)
{
    return strchr(" \t\r\v\f", character) != NULL; /* NUL as well */
}

static int add_line(struct tare__suppressions *suppressions, const char *line, size_t length, const char **expected)
{
    static const char kind[] = "leak:";
    const size_t kind_length = sizeof kind - 1;
    while (length > 0 && is_blank(line[length - 1]))
        length--;
    while (length > 0 && is_blank(*line)) {
        line++;
        length--;
    }
    if (length == 0 || *line == '#')
        return 0;
    if (length < kind_length || memcmp(line, kind, kind_length) != 0) {
        *expected = "leak:PATTERN, or a comment that begins with #";
        return EINVAL;
    }
    if (length == kind_length) {
        *expected = "a pattern behind leak:";
        return EINVAL;
    }
    if (memchr(line, '\0', length) != NULL) {
        *expected = "text";
        return EINVAL;
    }
    return add_one(suppressions, line + kind_length, length - kind_length);
}

int tare__suppressions_add(struct tare__suppressions *suppressions, const char *text, size_t length,
                           struct tare__suppression_error *error)
{
    const char *end = text + length;
    for (error->line = 1; text < end; error->line++) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        const char *line_end = newline != NULL ? newline : end;
        int failed = add_line(suppressions, text, (size_t)(line_end - text), &error->expected);
        if (failed != 0)
            return failed;
        text = newline != NULL ? newline + 1 : end;
    }
    return 0;
}

/* Whatever can be read: a pipe has no size. */
static int read_all(FILE *file, char **text, size_t *length)
{
    char block[4096];
    size_t got;
    FILE *memory = open_memstream(text, length);
    if (memory == NULL)
        return errno;
    errno = 0;
    while ((got = fread(block, 1, sizeof block, file)) > 0)
        fwrite(block, 1, got, memory);
    int error = ferror(file) ? (errno != 0 ? errno : EIO) : 0;
    if (fclose(memory) != 0 && error == 0)
        error = ENOMEM;
    return error;
}

int tare__suppressions_read(struct tare__suppressions *suppressions, const char *path,
                            struct tare__suppression_error *error)
{
    char *text = NULL;
    size_t length = 0;
    *error = (struct tare__suppression_error){0};
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return errno;
    int failed = read_all(file, &text, &length);
    fclose(file);
    if (failed == 0)
        failed = tare__suppressions_add(suppressions, text, length, error);
    free(text);
    return failed;
}

void tare__suppressions_free(struct tare__suppressions *suppressions)
{
    for (size_t i = 0; i < suppressions->count; i++) {
        free(suppressions->all[i].text);
        free(suppressions->all[i].pattern);
    }
    free(suppressions->all);
    *suppressions = (struct tare__suppressions){0};
}

/* ---- Applying ------------------------------------------------------------ */

/* By module and by place: the suppression that covers it, NULL for none, as far as
 * that has been looked up. */
struct covered {
    const struct tare__suppressions *suppressions;
    const struct tare__origins *origins;
    const char **modules, **places;
};

static const char not_looked_up[] = "";

static const char *covering(const struct covered *covered, const char *name)
{
    for (size_t i = 0; name != NULL && i < covered->suppressions->count; i++)
        if (tare__matches(covered->suppressions->all[i].pattern, name))
            return covered->suppressions->all[i].text;
    return NULL;
}

static const char *covering_module(const struct covered *covered, uint32_t module)
{
    const char **cached = &covered->modules[module];
    if (*cached == not_looked_up)
        *cached = covering(covered, covered->origins->modules[module].path);
    return *cached;
}

static const char *covering_place(const struct covered *covered, size_t index)
{
    const char **cached = &covered->places[index];
    const struct tare__place *place = &covered->origins->places[index];
    if (*cached != not_looked_up)
        return *cached;
    *cached = covering(covered, place->function);
    if (*cached == NULL)
        *cached = covering(covered, place->file);
    return *cached;
}

static const char *covering_frame(const struct covered *covered, const struct tare__snapshot_frame *frame)
{
    const char *found = NULL;
    for (uint32_t i = 0; i < frame->place_count && found == NULL; i++)
        found = covering_place(covered, (size_t)frame->first_place + i);
    if (found == NULL && frame->module != 0 && frame->module < covered->origins->module_count)
        found = covering_module(covered, frame->module);
    return found;
}

static const char *covering_stack(const struct covered *covered, uint32_t stack)
{
    const struct tare__origins *origins = covered->origins;
    const char *found = NULL;
    uint32_t depth = UINT32_MAX; /* it falls: who goes round in circles ends there */
    while (found == NULL && stack != 0 && stack < origins->frame_count && origins->frames[stack].depth < depth) {
        found = covering_frame(covered, &origins->frames[stack]);
        depth = origins->frames[stack].depth;
        stack = origins->frames[stack].parent;
    }
    return found;
}

static const char **not_looked_up_yet(size_t count)
{
    const char **all = malloc((count + 1) * sizeof(const char *));
    for (size_t i = 0; all != NULL && i < count; i++)
        all[i] = not_looked_up;
    return all;
}

static uint64_t less(uint64_t figure, int64_t part)
{
    uint64_t taken = part > 0 ? (uint64_t)part : 0;
    return figure > taken ? figure - taken : 0;
}

static void mark(const struct covered *covered, struct tare__process *process)
{
    for (size_t i = 0; i < process->origins.site_count; i++) {
        struct tare__snapshot_site *site = &process->origins.sites[i];
        if (site->live_blocks <= 0 || site->is_runtime)
            continue;
        site->suppressed_by = covering_stack(covered, site->stack);
        if (site->suppressed_by == NULL)
            continue;
        process->stats.leaked_allocations = less(process->stats.leaked_allocations, site->live_blocks);
        process->stats.leaked_bytes = less(process->stats.leaked_bytes, site->live_bytes);
    }
}

int tare__suppress(const struct tare__suppressions *suppressions, struct tare__process *process)
{
    if (suppressions->count == 0)
        return 0;
    struct covered covered = {
        .suppressions = suppressions,
        .origins = &process->origins,
        .modules = not_looked_up_yet(process->origins.module_count),
        .places = not_looked_up_yet(process->origins.place_count),
    };
    bool has_memory = covered.modules != NULL && covered.places != NULL;
    if (has_memory)
        mark(&covered, process);
    free(covered.modules);
    free(covered.places);
    return has_memory ? 0 : ENOMEM;
}

void tare__suppressed(const struct tare__process *process, int64_t *blocks, int64_t *bytes)
{
    *blocks = *bytes = 0;
    for (size_t i = 0; i < process->origins.site_count; i++) {
        const struct tare__snapshot_site *site = &process->origins.sites[i];
        *blocks += site->suppressed_by != NULL ? site->live_blocks : 0;
        *bytes += site->suppressed_by != NULL ? site->live_bytes : 0;
    }
}
