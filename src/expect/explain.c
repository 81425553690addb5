/* SPDX-License-Identifier: MIT */
#include "explain.h"

#include <stdlib.h>
#include <string.h>

#include "explain_library.h"
#include "fault.h"
#include "os.h"
#include "raw_text.h"

enum { RAW_BYTES = 65536 };

/* Known leaks, as a program tells LeakSanitizer. */
extern const char *__lsan_default_suppressions(void) __attribute__((weak));

static size_t whole_pages(size_t bytes)
{
    return (bytes + TARE__PAGE_BYTES - 1) & ~(size_t)(TARE__PAGE_BYTES - 1);
}

void tare__explained_free(struct tare__explained *explained)
{
    if (explained->text != NULL)
        tare__os_unmap(explained->text, explained->bytes);
    *explained = (struct tare__explained){NULL, 0, 0};
}

/* ---- A scope ---------------------------------------------------------------- */

struct scope {
    const struct tare__explain_request *request;
    struct tare__explained explained;
};

static uint32_t ask(const tare_stats *stats, void *context)
{
    const struct scope *scope = context;
    return scope->request->violated(stats, scope->request->context);
}

static void keep(const char *text, size_t length, void *context)
{
    struct scope *scope = context;
    size_t bytes = whole_pages(length + 1);
    char *copy = tare__os_map(bytes);
    if (copy == NULL)
        return;
    memcpy(copy, text, length);
    scope->explained = (struct tare__explained){copy, bytes, length};
}

static struct tare__explained explain_raw(const struct tare__explaining *explaining, uint32_t violated)
{
    struct tare__explained explained = {tare__os_map(RAW_BYTES), RAW_BYTES, 0};
    if (explained.text == NULL)
        return (struct tare__explained){NULL, 0, 0};
    struct tare__text text = tare__text_in(explained.text, RAW_BYTES);
    tare__raw_scope(&text, explaining->path, violated);
    tare__text_add(&text, "no functions and lines: ");
    tare__text_add(&text, explaining->reason);
    tare__text_add(&text, "\n");
    if (text.length >= text.size)
        explained.text[RAW_BYTES - 2] = '\n';
    explained.length = strlen(explained.text);
    return explained;
}

static const char *filled(const char *text)
{
    return text != NULL && *text != '\0' ? text : NULL;
}

struct tare__explained tare__explain_scope(const struct tare__explain_request *request)
{
    struct scope scope = {.request = request};
    struct tare__explaining explaining = {
        .context = &scope,
        .path = request->path,
        .violated = ask,
        .forbidden = request->forbidden,
        .write = keep,
    };
    if (request->leaks) {
        explaining.suppressions_path = filled(secure_getenv("TARE_SUPPRESSIONS"));
        explaining.suppressions = __lsan_default_suppressions != NULL ? filled(__lsan_default_suppressions()) : NULL;
    }
    if (tare__explain_by_library(&explaining) == 0)
        return scope.explained;
    tare__explained_free(&scope.explained);
    return explain_raw(&explaining, request->violated_at_first);
}

/* ---- A stack ---------------------------------------------------------------- */

static void add(const char *text, size_t length, void *context)
{
    (void)length; /* it ends in a NUL */
    tare__text_add(context, text);
}

bool tare__explain_stack(struct tare__text *text, const uintptr_t *addresses, uint32_t count)
{
    struct tare__explaining explaining = {
        .context = text, .addresses = addresses, .address_count = count, .write = add};
    if (tare__explain_by_library(&explaining) == 0)
        return true;
    for (uint32_t i = 0, number = 0; i < count; i++) {
        if (addresses[i] == 0) {
            tare__text_add(text, "\n");
            number = 0;
            continue;
        }
        tare__text_add(text, "    #");
        tare__text_add_unsigned(text, number++);
        tare__text_add(text, " ");
        tare__raw_address(text, addresses[i]);
        tare__text_add(text, "\n");
    }
    return false;
}

/* ---- Functions -------------------------------------------------------------- */

enum { RANGES_MAX = 65536 };

static void add_range(uintptr_t low, uintptr_t end, void *context)
{
    struct tare__arming *arming = context;
    if (arming->range_count < RANGES_MAX)
        arming->ranges[arming->range_count++] = (struct tare__fault_range){low, end};
}

bool tare__explain_functions(const char *pattern, struct tare__arming *arming)
{
    arming->ranges_bytes = whole_pages(RANGES_MAX * sizeof *arming->ranges);
    arming->ranges = tare__os_map(arming->ranges_bytes);
    struct tare__explaining explaining = {.context = arming, .pattern = pattern, .range = add_range};
    if (arming->ranges != NULL && tare__explain_by_library(&explaining) == 0 && arming->range_count != 0)
        return true;
    if (arming->ranges != NULL)
        tare__os_unmap(arming->ranges, arming->ranges_bytes);
    return false;
}
