/* SPDX-License-Identifier: MIT */
#include "perf_line.h"

#include <string.h>

bool tare__span_is_empty(struct tare__span span)
{
    return span.start == span.end;
}

static bool ends_with(struct tare__span span, const char *text)
{
    size_t length = strlen(text), all = (size_t)(span.end - span.start);
    return all >= length && memcmp(span.end - length, text, length) == 0;
}

bool tare__span_is(struct tare__span span, const char *text)
{
    return strlen(text) == (size_t)(span.end - span.start) && ends_with(span, text);
}

static bool is_space(char character)
{
    return character == ' ' || character == '\t';
}

/* The next word of *rest, empty behind the last. */
static struct tare__span word(struct tare__span *rest)
{
    while (!tare__span_is_empty(*rest) && is_space(*rest->start))
        rest->start++;
    struct tare__span found = {rest->start, rest->start};
    while (found.end < rest->end && !is_space(*found.end))
        found.end++;
    rest->start = found.end;
    return found;
}

/* All of it is a number of that base, which fits. */
static bool number_of(struct tare__span span, unsigned base, uint64_t *number)
{
    *number = 0;
    for (const char *at = span.start; at < span.end; at++) {
        unsigned digit = *at >= '0' && *at <= '9'   ? (unsigned)(*at - '0')
                         : *at >= 'a' && *at <= 'f' ? (unsigned)(*at - 'a') + 10
                                                    : 16;
        if (digit >= base || __builtin_mul_overflow(*number, base, number) ||
            __builtin_add_overflow(*number, digit, number))
            return false;
    }
    return !tare__span_is_empty(span);
}

/* ---- The line of an event ------------------------------------------------------- */

/* 5.250000: */
static bool is_time(struct tare__span span)
{
    bool has_point = false;
    if (!ends_with(span, ":") || span.end - span.start < 2)
        return false;
    for (const char *at = span.start; at < span.end - 1; at++) {
        if (*at == '.' && !has_point)
            has_point = true;
        else if (*at < '0' || *at > '9')
            return false;
    }
    return has_point;
}

/* "4242", "4242/4243", as the last word before the time or before "[001]". */
static void take_pid(struct tare__perf_event *event, struct tare__span before)
{
    for (struct tare__span rest = before, one = word(&rest); !tare__span_is_empty(one); one = word(&rest)) {
        const char *slash = memchr(one.start, '/', (size_t)(one.end - one.start));
        uint64_t thread, pid;
        struct tare__span first = {one.start, slash != NULL ? slash : one.end};
        struct tare__span second = {slash != NULL ? slash + 1 : one.end, one.end};
        if (!number_of(first, 10, &pid) || (slash != NULL && !number_of(second, 10, &thread)))
            continue;
        event->pid = pid;
        event->has_pid = true;
        event->command = (struct tare__span){before.start, one.start};
    }
    while (!tare__span_is_empty(event->command) && is_space(event->command.end[-1]))
        event->command.end--;
    while (!tare__span_is_empty(event->command) && is_space(*event->command.start))
        event->command.start++;
}

/* A probe that the compiler made several copies of is alloc, alloc_1, alloc_2 ... */
static struct tare__span name_of(struct tare__span name)
{
    const char *end = name.end;
    if (end - name.start < 4 || memcmp(name.start, "sdt_", 4) != 0)
        return name;
    while (end > name.start && end[-1] >= '0' && end[-1] <= '9')
        end--;
    return end < name.end && end[-1] == '_' ? (struct tare__span){name.start, end - 1} : name;
}

bool tare__perf_event(const struct tare__lines *lines, struct tare__perf_event *event)
{
    uint64_t period;
    struct tare__span rest = {lines->start, lines->end}, one;
    do {
        one = word(&rest);
        if (tare__span_is_empty(one))
            return false;
    } while (!is_time(one));
    *event = (struct tare__perf_event){.command = {lines->start, lines->start}};
    take_pid(event, (struct tare__span){lines->start, one.start});
    one = word(&rest);
    if (number_of(one, 10, &period))
        one = word(&rest);
    if (one.end - one.start < 2 || !ends_with(one, ":"))
        return false;
    event->name = name_of((struct tare__span){one.start, one.end - 1});
    event->fields = rest;
    return true;
}

/* Which field of a probe is a size; of ours perf calls them arg1, arg2 ... */
static const char *size_field(struct tare__span name)
{
    static const struct {
        const char *end, *field;
    } known[] = {{":alloc_locked", "arg2"}, {":dealloc_locked", "arg2"}, {":realloc_locked", "arg2"},
                 {"tare:alloc", "arg2"},    {"tare:free", "arg2"},       {"tare:realloc", "arg4"}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (ends_with(name, known[i].end))
            return known[i].field;
    return NULL;
}

/* Whether the event shows one. */
bool tare__perf_bytes(const struct tare__perf_event *event, uint64_t *bytes)
{
    const char *wanted = size_field(event->name);
    struct tare__span rest = event->fields;
    for (struct tare__span one = word(&rest); !tare__span_is_empty(one); one = word(&rest)) {
        const char *equals = memchr(one.start, '=', (size_t)(one.end - one.start));
        if (equals == NULL)
            continue;
        struct tare__span name = {one.start, equals}, value = {equals + 1, one.end};
        if (wanted != NULL ? !tare__span_is(name, wanted)
                           : !tare__span_is(name, "bytes") && !tare__span_is(name, "size"))
            continue;
        bool is_hexadecimal = value.end - value.start > 2 && memcmp(value.start, "0x", 2) == 0;
        value.start += is_hexadecimal ? 2 : 0;
        return number_of(value, is_hexadecimal ? 16 : 10, bytes) && *bytes <= INT64_MAX;
    }
    return false;
}

/* ---- The line of a frame ----------------------------------------------------------- */

/* Where " (object)" begins, which ends the line. */
static const char *object_of(struct tare__span line)
{
    const char *from = line.end;
    if (ends_with(line, " (deleted))"))
        from -= sizeof " (deleted))" - 1;
    for (const char *at = from; at > line.start; at--)
        if (at[-1] == '(' && (at - 1 == line.start || at[-2] == ' '))
            return at - 1;
    return NULL;
}

/* Without +0x12. */
static struct tare__span symbol_of(struct tare__span span)
{
    uint64_t offset;
    for (const char *at = span.end; at > span.start + 2; at--)
        if (memcmp(at - 3, "+0x", 3) == 0)
            return number_of((struct tare__span){at, span.end}, 16, &offset) ? (struct tare__span){span.start, at - 3}
                                                                             : span;
    return span;
}

bool tare__perf_frame(const struct tare__lines *lines, struct tare__perf_frame *frame)
{
    struct tare__span rest = {lines->start, lines->end};
    if (!number_of(word(&rest), 16, &frame->address))
        return false;
    while (!tare__span_is_empty(rest) && is_space(*rest.start))
        rest.start++;
    const char *begins = ends_with(rest, ")") ? object_of(rest) : NULL;
    if (begins == NULL)
        return false;
    frame->object = (struct tare__span){begins + 1, rest.end - 1};
    frame->symbol = symbol_of((struct tare__span){rest.start, begins > rest.start ? begins - 1 : begins});
    return true;
}
