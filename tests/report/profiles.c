/* SPDX-License-Identifier: MIT */
/*
 * usage: profiles FORMAT hostile|huge|million|wide|empty
 * Writes profiles that no program here makes:
 *
 *   hostile  names that would do harm if they were taken for HTML or for script, a stack
 *            150 deep, and C++ names of 200 characters; "samples" of 1 for each name
 *   huge     two stacks of 2^53 + 1 and 2^53 + 3: a double rounds them and their sum
 *   million  1,000,000 distinct stacks, 20 deep; of the value 1 each, but one has 1,000,000
 *   wide     250 stacks of the same value, 100 deep, which have nothing in common
 *   empty    a type, and nothing else
 */
#include <string.h>

#include "profile.h"
#include "report.h"

#include "check.h"

static struct tare__profile profile;

static uint32_t frame_of(const char *function, uint32_t line)
{
    uint32_t module = tare__profile_add_module(&profile, &(struct tare__profile_module){.path = "/opt/<b>lib\"x'.so"});
    const struct tare__profile_frame frame = {
        .function = function, .file = "/home/me/a <i>file</i>.c", .line = line, .module = module};
    return tare__profile_add_frame(&profile, &frame);
}

static uint32_t call(uint32_t caller, const char *function, uint32_t line)
{
    return tare__profile_add_stack(&profile, caller, frame_of(function, line));
}

static void add(uint32_t stack, int64_t value)
{
    CHECK_EQUAL(tare__profile_add_sample(&profile, stack, 0, &value), 0);
}

static void hostile(void)
{
    static const char *const names[] = {
        "<script>window.harmed = 1</script>",
        "</script><img src=x onerror='window.harmed = 2'>",
        "<!--<script>",
        "]]>--><h1>harm</h1>",
        "&lt;b&gt; &amp;",
        "\"quoted\" 'twice' `thrice` ${window.harmed = 3}",
        "two\nlines\tand\x01\x7f",
        "no UTF-8: \xff\xfe \xc3",
        "line\u2028separator \u202e turned around",
        "a;b;c",
        "__proto__",
        "",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        add(call(call(0, "main", 1), names[i], 2), 1);
    char name[201];
    uint32_t stack = call(0, "main", 1);
    for (uint32_t depth = 0; depth < 150; depth++) {
        memset(name, 'x', sizeof name - 1);
        name[sizeof name - 1] = '\0';
        int length = snprintf(name, sizeof name, "library_%u::Template<std::map<int, std::vector<char>>>::", depth);
        name[length] = 'y';
        stack = call(stack, name, depth);
    }
    add(stack, 1);
}

static void huge(void)
{
    add(call(0, "odd", 1), (INT64_C(1) << 53) + 1);
    add(call(0, "odder", 2), (INT64_C(1) << 53) + 3);
}

/* Ten functions, and six digits that say which of them calls which. */
static void million(void)
{
    uint32_t functions[10], entry = call(0, "main", 1), leaf = frame_of("leaf", 1);
    for (uint32_t i = 0; i < 10; i++) {
        char name[16];
        snprintf(name, sizeof name, "function_%u", i);
        functions[i] = frame_of(name, 1);
    }
    for (uint32_t i = 0; i < 1000000; i++) {
        uint32_t stack = entry, rest = i;
        for (int depth = 0; depth < 18; depth++) {
            stack = tare__profile_add_stack(&profile, stack, functions[rest % 10]);
            rest = depth % 3 == 2 ? rest / 10 : rest;
        }
        add(tare__profile_add_stack(&profile, stack, leaf), i == 123456 ? 1000000 : 1);
    }
}

static void wide(void)
{
    for (uint32_t i = 0; i < 250; i++) {
        uint32_t stack = 0;
        for (uint32_t depth = 0; depth < 100; depth++) {
            char name[32];
            snprintf(name, sizeof name, "of_%u_at_%u", i, depth);
            stack = call(stack, name, 1);
        }
        add(stack, 1);
    }
}

int main(int count, char **arguments)
{
    static const struct tare__profile_type types[] = {{"samples", "count"}};
    CHECK(count == 3 && tare__format_named(arguments[1]) != NULL);
    CHECK_EQUAL(tare__profile_init(&profile, types, 1), 0);
    profile.title = arguments[2];
    if (strcmp(arguments[2], "hostile") == 0) {
        profile.title = "</title><script>window.harmed = 4</script>";
        hostile();
    } else if (strcmp(arguments[2], "huge") == 0)
        huge();
    else if (strcmp(arguments[2], "million") == 0)
        million();
    else if (strcmp(arguments[2], "wide") == 0)
        wide();
    CHECK_EQUAL(tare__format_named(arguments[1])->write_profile(&profile, &(struct tare__report_options){0}, stdout),
                0);
    tare__profile_free(&profile);
    return 0;
}
